// express-idempotency as its README wires it: the middleware for every POST with all its defaults, among them the adapter
// in memory; handlers ask `isHit` first.
'use strict';

const idempotency = require('express-idempotency');
const { application, payments, serve } = require('../payments.cjs');

const app = application();
app.post('*', idempotency.idempotency());
serve(payments(app, (request) => idempotency.getSharedIdempotencyService().isHit(request)));
