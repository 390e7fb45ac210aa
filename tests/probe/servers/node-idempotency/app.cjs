// @node-idempotency/core with its memory adapter, in Express as its NestJS plugin does it in Nest: every request goes through
// `onRequest`, every answer through `onResponse`; 409 while in flight, 422 for another payload, 400 for the rest.
'use strict';

const { Idempotency, IdempotencyErrorCodes } = require('@node-idempotency/core');
const { MemoryStorageAdapter } = require('@node-idempotency/storage-adapter-memory');
const { application, payments, serve } = require('../payments.cjs');

const STATUSES = {
  [IdempotencyErrorCodes.REQUEST_IN_PROGRESS]: 409,
  [IdempotencyErrorCodes.IDEMPOTENCY_FINGERPRINT_MISSMATCH]: 422,
};

const app = application();
const idempotency = new Idempotency(new MemoryStorageAdapter());

app.use(async (request, response, next) => {
  const { headers, path, body, method } = request;
  const question = { headers, path, body, method };
  let stored;
  try {
    stored = await idempotency.onRequest(question);
  } catch (error) {
    response.status(STATUSES[error.code] ?? 400).json({ detail: error.message });
    return;
  }
  if (stored !== undefined) {
    for (const [name, value] of Object.entries(stored.additional.headers)) response.set(name, value);
    response.status(stored.additional.statusCode).json(stored.body);
    return;
  }
  const json = response.json.bind(response);
  response.json = (answer) => {
    const additional = { statusCode: response.statusCode, headers: response.getHeaders() };
    idempotency.onResponse(question, { body: answer, additional }).then(() => json(answer), next);
    return response;
  };
  next();
});
serve(payments(app));
