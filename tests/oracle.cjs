// Answers questions from stdin with what JavaScript, and the Spectral in the folder argv[2], say. JSON in, JSON out.
"use strict";
const path = require("node:path");
const load = name => require(path.join(process.argv[2], "@stoplight", name));
console.error = () => {};

const undefinedAsMark = value => (value === undefined ? null : value);
const dropMark = value => (value === "<undefined>" ? undefined : value);
const asked = {
  regex({ source, flags, texts }) {
    let expression;
    try {
      expression = new RegExp(source, flags);
    } catch {
      return null;
    }
    return texts.map(text => {
      expression.lastIndex = 0;
      const found = expression.test(text);
      expression.lastIndex = 0;
      const match = expression.exec(text);
      expression.lastIndex = 0;
      const all = flags.includes("y") ? null : text.match(new RegExp(source, flags.replace("g", "") + "g"));
      return [found, match && Array.from(match, undefinedAsMark), all];
    });
  },
  compare: ({ left, right, numeric }) => Math.sign(left.localeCompare(right, undefined, { numeric })),
  number: ({ text }) => (Number.isNaN(Number(text)) ? null : String(Number(text))),
  text: ({ json }) => [String(JSON.parse(json)), load("spectral-runtime").printValue(JSON.parse(json))],
  path({ path: steps }) {
    const { printPath, PrintStyle } = load("spectral-runtime");
    return [printPath(steps, PrintStyle.EscapedPointer), printPath(steps, PrintStyle.Dot)];
  },
  message: ({ template, names }) =>
    load("spectral-core/dist/runner/utils/message.js").message(template, { ...names, value: dropMark(names.value) }),
  format({ data }) {
    const formats = load("spectral-formats");
    return Object.keys(formats).filter(name => formats[name].displayName && formats[name](data)).sort();
  },
  function({ name, value, options, data }) {
    const run =
      name === "typedEnum" ? load("spectral-rulesets/dist/oas/functions/typedEnum.js").default : load("spectral-functions")[name];
    const formats = load("spectral-formats");
    const context = {
      path: ["here"],
      document: { formats: new Set(Object.values(formats).filter(format => format.displayName && format(data))) },
      documentInventory: { findAssociatedItemForPath: () => null },
    };
    return (run(dropMark(value), options, context) ?? []).map(({ message, path: where }) => [message, where ?? ["here"]]);
  },
  async lint({ rules, text, json, source }) {
    const { Spectral, Document } = load("spectral-core");
    const parsers = load("spectral-parsers");
    const functions = load("spectral-functions");
    const spectral = new Spectral();
    const named = Object.entries(rules).map(([name, rule]) => [
      name,
      { ...rule, then: { ...rule.then, function: functions[rule.then.function] } },
    ]);
    spectral.setRuleset({ rules: Object.fromEntries(named) });
    const found = await spectral.run(new Document(text, json ? parsers.Json : parsers.Yaml, source));
    return found.filter(({ code }) => code in rules).map(({ code, message, path: where }) => [code, message, where]);
  },
};

(async () => {
  let input = "";
  for await (const chunk of process.stdin) input += chunk;
  const answers = [];
  for (const { kind, ...question } of JSON.parse(input)) answers.push(await asked[kind](question));
  console.log(JSON.stringify(answers));
})();
