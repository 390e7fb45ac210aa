// The payments that the Express apps of this folder sell: two accounts, everything in memory, 10 ms of work a payment.
// `app.cjs` beside each of them puts the package under test around it, as that package's own documentation shows.
'use strict';

const { randomUUID } = require('node:crypto');
const { setTimeout: pause } = require('node:timers/promises');
const express = require('express');

const ACCOUNTS = { 'Bearer alice-token': 'alice', 'Bearer bob-token': 'bob' };
const WORK = 10;

function identifier(prefix) {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`;
}

function isText(value, most) {
  return value === undefined || (typeof value === 'string' && value.length <= most);
}

function isCents(value) {
  return Number.isInteger(value) && value >= 1 && value <= 1000000;
}

/** Express with JSON bodies and credentials checked; what is put in later comes after both. */
function application() {
  const app = express();
  app.use(express.json());
  app.use((request, response, next) => {
    request.account = ACCOUNTS[request.get('authorization')];
    if (request.account === undefined) {
      response.status(401).json({ detail: 'who is asking?' });
    } else {
      next();
    }
  });
  return app;
}

/** Adds the routes; `done(request)` tells that the package has answered already. */
function payments(app, done = () => false) {
  const all = new Map();

  app.post('/payments', async (request, response) => {
    if (done(request)) return;
    const { amount, currency, description = '' } = request.body ?? {};
    if (!isCents(amount) || !['EUR', 'USD', 'GBP'].includes(currency) || !isText(description, 200)) {
      response.status(422).json({ detail: 'no payment' });
      return;
    }
    await pause(WORK);
    const payment = { id: identifier('pay'), amount, currency, description, account: request.account, status: 'accepted' };
    all.set(payment.id, payment);
    response.status(201).location(`/payments/${payment.id}`).json(payment);
  });

  app.post('/refunds', async (request, response) => {
    if (done(request)) return;
    const { cents, reason } = request.body ?? {};
    if (!isCents(cents) || typeof reason !== 'string' || !isText(reason, 200)) {
      response.status(422).json({ detail: 'no refund' });
      return;
    }
    await pause(WORK);
    response.status(201).json({ refund_id: identifier('re'), cents, reason, owner: request.account, state: 'pending' });
  });

  app.get('/payments', (request, response) => {
    response.json([...all.values()].filter((each) => each.account === request.account));
  });

  app.get('/payments/:id', (request, response) => {
    const payment = all.get(request.params.id);
    if (payment === undefined || payment.account !== request.account) {
      response.status(404).json({ detail: 'no such payment' });
    } else {
      response.json(payment);
    }
  });

  // Errors keep the status that was set for them; a body that is no JSON brings its own.
  app.use((error, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const set = response.statusCode >= 400 ? response.statusCode : 500;
    response.status(error.status ?? set).json({ detail: error.message });
  });
  return app;
}

/** On a free port of loopback, which a line on standard output names. */
function serve(app) {
  const server = app.listen(0, '127.0.0.1', 512, () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
  });
}

module.exports = { application, payments, serve };
