import { tellStory } from './story.js';

const started = performance.now();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { lines, ok } = await tellStory((line) => {
  say(`[${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s] ${line}`);
});

const width = (pick: (line: (typeof lines)[number]) => string, title: string): number =>
  Math.max(title.length, ...lines.map((line) => pick(line).length));
const [a, b, c] = [
  width((line) => line.what, ''),
  width((line) => line.research, 'Research'),
  width((line) => line.support, 'Support'),
];
say('');
say(`${''.padEnd(a)}  ${'Research'.padStart(b)}  ${'Support'.padStart(c)}`);
for (const line of lines)
  say(
    `${line.what.padEnd(a)}  ${line.research.padStart(b)}  ${line.support.padStart(c)}  ${line.ok ? 'ok' : 'WRONG'}`,
  );
say('');
say(ok ? 'Everything adds up.' : 'Something does not add up: see the lines marked WRONG.');
process.exitCode = ok ? 0 : 1;
