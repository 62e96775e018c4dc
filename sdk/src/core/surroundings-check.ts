import { readFileSync } from 'node:fs';
import { url as inspectorUrl } from 'node:inspector';

/** What of this process decides whether its memory stays its own. */
export interface Circumstances {
  readonly isInspectorOpen: boolean;
  readonly report: Pick<
    NodeJS.ProcessReport,
    'reportOnFatalError' | 'reportOnUncaughtException' | 'reportOnSignal' | 'excludeEnv'
  >;
  /** Options of Node, from the command line and from `NODE_OPTIONS`. */
  readonly nodeOptions: readonly string[];
  /** `/proc/self/limits`; undefined where there is none. */
  readonly limits: string | undefined;
}

/** Bytes or `unlimited`; the soft limit comes first. */
const coreLimit = /^Max core file size\s+(\S+)/m;

/**
 * Names what in this process could let keys out of memory. It cannot prevent any of it: it only
 * tells the operator.
 */
export function riskyCircumstances(now: Circumstances = circumstances()): string[] {
  const { isInspectorOpen, report, nodeOptions, limits } = now;
  const risks: string[] = [];
  if (isInspectorOpen) {
    risks.push('the inspector is open: whoever reaches it can read keys from memory');
  }
  const writesReports =
    report.reportOnFatalError || report.reportOnUncaughtException || report.reportOnSignal;
  // The Iron Cage key is in the environment, whatever becomes of the provider keys.
  if (writesReports && !report.excludeEnv) {
    risks.push(
      'diagnostic reports are on and would write the environment, with keys, to disk ' +
        '(--report-exclude-env keeps it out)',
    );
  }
  if (nodeOptions.some((option) => option.startsWith('--heapsnapshot'))) {
    risks.push('heap snapshots are on and may write keys to disk');
  }
  const core = coreLimit.exec(limits ?? '')?.[1] ?? '0';
  if (core !== '0') {
    risks.push('core dumps are on: a crash may write keys to disk (ulimit -c 0 turns them off)');
  }
  return risks;
}

function circumstances(): Circumstances {
  return {
    isInspectorOpen: inspectorUrl() !== undefined,
    report: process.report,
    nodeOptions: [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)],
    limits: limitsOfThisProcess(),
  };
}

/** Only Linux tells them without a program of its own. */
function limitsOfThisProcess(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Hidden in some sandboxes: nothing is known, so nothing is told.
    return undefined;
  }
}
