// Runs the real Spectral over many jobs in one process, through the very modules that its command line uses.
// stdin: [{"name", "folder", "ruleset", "documents": [...]}]; stdout: {name: {"results": [...]} or {"error": "..."}}.
// Usage: node spectral.cjs NODE_MODULES
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const cli = path.join(path.resolve(process.argv[2]), '@stoplight', 'spectral-cli', 'dist', 'services', 'linter');
const { lint } = require(path.join(cli, 'linter.js'));

async function main() {
  const answers = {};
  for (const job of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    process.chdir(job.folder);
    try {
      const { results } = await lint(job.documents, { encoding: 'utf8', ruleset: job.ruleset });
      answers[job.name] = { results };
    } catch (error) {
      answers[job.name] = { error: String((error.errors ?? [error]).map((one) => one.message).join('; ')) };
    }
  }
  return answers;
}

console.log = console.error;
main().then((answers) => process.stdout.write(JSON.stringify(answers)));
