// The two rules of rules.yaml for Redocly CLI.
'use strict';

const writes = (context) => ['post', 'patch'].includes(String(context.key));

const header = () => ({
  Operation(operation, context) {
    if (!writes(context)) return;
    const parameters = (operation.parameters ?? []).map((parameter) => context.resolve(parameter).node);
    if (!parameters.some((parameter) => parameter?.name === 'Idempotency-Key')) {
      context.report({ message: 'no Idempotency-Key', location: context.location.key() });
    }
  },
});

const conflict = () => ({
  Operation(operation, context) {
    if (!writes(context) || operation.responses?.['409']) return;
    context.report({ message: 'no 409', location: context.location.child('responses').key() });
  },
});

module.exports = () => ({ id: 'bench', rules: { oas3: { header, conflict } } });
