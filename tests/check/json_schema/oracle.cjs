// Answers, one JSON line for each, what Spectral's `schema` function says of cases on standard input.
// Usage: node oracle.cjs <folder node_modules> < cases.ndjson
"use strict";
const path = require("path");
const { createRequire } = require("module");
const modules = path.resolve(process.argv[2]);
const need = createRequire(path.join(modules, "x.js"));
const { schema } = need("@stoplight/spectral-functions");
console.warn = () => {};
console.error = () => {};

const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
for (const line of lines) {
  const { schema: rules, dialect, allErrors, instance, path: target, missing } = JSON.parse(line);
  let errors = null;
  const options = {
    schema: rules,
    ...(dialect ? { dialect } : null),
    ...(allErrors ? { allErrors: true } : null),
    prepareResults(found) {
      errors = found.map(({ instancePath, schemaPath, keyword, message, params }) => ({
        instancePath,
        schemaPath,
        keyword,
        message,
        params: keyword === "errorMessage" ? {} : params,
      }));
    },
  };
  const context = { path: target ?? [], rule: { resolved: true }, documentInventory: {}, document: {} };
  let answer;
  try {
    answer = { results: schema(missing ? undefined : instance, options, context) ?? [], errors };
  } catch (error) {
    answer = { thrown: String(error.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
