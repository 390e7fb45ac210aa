// What Spectral selects: its own reference resolver and its own JSONPath engine with the settings of its runner.
// stdin: {"documents": {name: data}, "expressions": [...]}; stdout: {name: [{"found": [[path, outline]]} | {"error": text}]}
const { createRequire } = require('node:module');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const load = createRequire(join(process.argv[2], 'of-spectral.js'));
const core = createRequire(load.resolve('@stoplight/spectral-core'));
const legacy = core('nimma/legacy');
const Nimma = legacy.default ?? legacy;
const { jsonPathPlus } = core('nimma/fallbacks');
const { createHttpAndFileResolver } = load('@stoplight/spectral-ref-resolver');

function outline(value) {
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return { items: value.length };
  return value !== null && typeof value === 'object' ? { members: Object.keys(value).length } : value;
}

function select(expression, data) {
  const found = [];
  try {
    const engine = new Nimma([expression], {
      fallback: jsonPathPlus, unsafe: false, output: 'auto', customShorthands: {},
    });
    engine.query(data, {
      [expression]: ({ path, value }) => found.push([path[0] === '$' ? path.slice(1) : path.slice(), outline(value)]),
    });
    return { found };
  } catch (error) {
    return { error: String(error.message) };
  }
}

async function main() {
  const { documents, expressions } = JSON.parse(readFileSync(0, 'utf8'));
  const answers = {};
  for (const [name, data] of Object.entries(documents)) {
    const { result } = await createHttpAndFileResolver().resolve(data);
    answers[name] = expressions.map(expression => select(expression, result));
  }
  process.stdout.write(JSON.stringify(answers));
}
main();
