// tests/verdicts.mjs PARSER: what Keystone's own parser says of our cases, written into verdicts.txt.
//
// PARSER is the module of Keystone that exports `WorkflowParser` (src/parser/workflow-parser.ts of a checkout; bun runs it
// as it is). Each case is a text of ours with a line `there:` above it, which this script fills: `accepts`, `refuses` with
// the place that the parser names, or `refuses` alone where it names none. Nothing of Keystone's is kept but that.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const CASES = new URL('../server/language/tests/language/fixtures/verdicts.txt', import.meta.url);
const [module] = process.argv.slice(2);
if (!module) {
  console.error('usage: tests/verdicts.mjs PARSER');
  process.exit(2);
}
const { WorkflowParser } = await import(pathToFileURL(resolve(module)).href);

// Where the cases stand: a folder with the agent and the workflow that they name.
const folder = mkdtempSync(join(tmpdir(), 'verdicts-'));
mkdirSync(join(folder, 'agents'));
writeFileSync(join(folder, 'agents/writer.md'), '---\nname: writer\n---\nWrite.\n');
const file = join(folder, 'case.yaml');

function verdict(text) {
  writeFileSync(file, text);
  try {
    WorkflowParser.loadWorkflow(file);
    return 'accepts';
  } catch (error) {
    // An error of the schema names its place; later versions put it into a sentence.
    const path = error.issues?.[0].path.join('.') ?? /\n {2}- ([\w.-]*): /.exec(error.message)?.[1];
    return `refuses ${path ?? ''}`.trim();
  }
}

const cases = readFileSync(CASES, 'utf8').split(/^(?==== )/m);
const judged = cases.map((text) => {
  const [head, , ...rest] = text.split('\n');
  return [head, `there: ${verdict(rest.join('\n'))}`, ...rest].join('\n');
});
writeFileSync(CASES, judged.join(''));
rmSync(folder, { recursive: true });
console.log(`${judged.length} cases`);
