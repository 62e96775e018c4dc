import { execFileSync } from 'node:child_process';
import inspector from 'node:inspector';

import { type Circumstances, riskyCircumstances } from '../../sdk/src/core/surroundings-check.js';

const quiet: Circumstances = {
  isInspectorOpen: false,
  report: {
    reportOnFatalError: false,
    reportOnUncaughtException: false,
    reportOnSignal: false,
    excludeEnv: false,
  },
  nodeOptions: ['--enable-source-maps'],
  limits: undefined,
};
const limits = (
  core: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max core file size        ${core.padEnd(20)} unlimited            bytes
Max resident set          unlimited            unlimited            bytes
`;

describe('what could let keys out of memory', () => {
  it('is nothing in a process without any of it', () => {
    expect(riskyCircumstances(quiet)).toEqual([]);
  });

  it.each([
    ['an open inspector', { isInspectorOpen: true }, /inspector is open/],
    [
      'reports on a fatal error',
      { report: { ...quiet.report, reportOnFatalError: true } },
      /environment/,
    ],
    [
      'reports on an exception',
      { report: { ...quiet.report, reportOnUncaughtException: true } },
      /environment/,
    ],
    ['reports on a signal', { report: { ...quiet.report, reportOnSignal: true } }, /environment/],
    [
      'heap snapshots near the limit',
      { nodeOptions: ['--heapsnapshot-near-heap-limit=1'] },
      /heap snapshots/,
    ],
    [
      'heap snapshots on a signal',
      { nodeOptions: ['--heapsnapshot-signal=SIGUSR2'] },
      /heap snapshots/,
    ],
    ['core dumps without end', { limits: limits('unlimited') }, /core dumps are on/],
    ['core dumps of a megabyte', { limits: limits('1048576') }, /ulimit -c 0/],
  ] as const)('is told of %s', (_what, change, sentence) => {
    expect(riskyCircumstances({ ...quiet, ...change })).toEqual([expect.stringMatching(sentence)]);
  });

  it('is not told of reports that leave the environment out, nor of core dumps that are off', () => {
    const report = { ...quiet.report, reportOnFatalError: true, excludeEnv: true };
    expect(riskyCircumstances({ ...quiet, report, limits: limits('0') })).toEqual([]);
  });

  it('reads limits as the kernel writes them', () => {
    if (process.platform !== 'linux') return;
    const off = execFileSync('sh', ['-c', 'ulimit -c 0; cat /proc/self/limits'], {
      encoding: 'utf8',
    });
    expect(off).toContain('Max core file size');
    expect(riskyCircumstances({ ...quiet, limits: off })).toEqual([]);
  });

  it('is seen in this very process', () => {
    const before = riskyCircumstances();
    inspector.open(0, '127.0.0.1');
    try {
      expect(riskyCircumstances()).toEqual([expect.stringMatching(/inspector/), ...before]);
    } finally {
      inspector.close();
    }
  });
});
