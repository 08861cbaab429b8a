// What the pages are built with asks for its licence text to go along: it is collected from the packages that really got in.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const MODULES = '/node_modules/';

export function licences(page: string): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle() {
      const folders = new Set<string>();
      for (const id of this.getModuleIds()) {
        const at = id.lastIndexOf(MODULES);
        if (at < 0) continue;
        const parts = id.slice(at + MODULES.length).split('/');
        folders.add(id.slice(0, at + MODULES.length) + parts.slice(0, parts[0]?.startsWith('@') ? 2 : 1).join('/'));
      }
      const texts = [...folders].sort().map((folder) => {
        const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string };
        const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
        if (file === undefined) this.error(`${about.name} has no licence file`);
        return `${about.name} ${about.version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
      });
      this.emitFile({ type: 'asset', fileName: `${page}/licences.txt`, source: texts.join('\n\n') });
    },
  };
}
