// Writes TypeScript modules of the pages as JavaScript, one beside the other, for a browser that is to run them by themselves.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';

const [out, ...sources] = process.argv.slice(2);
if (sources.length === 0) throw new Error('usage: page-modules.mjs FOLDER MODULE.ts...');
mkdirSync(out, { recursive: true });
for (const source of sources) {
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    fileName: source,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
  });
  writeFileSync(join(out, basename(source, '.ts')), outputText); // a module imports its neighbour without an ending
}
