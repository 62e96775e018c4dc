import { url as inspectorUrl } from 'node:inspector';

/**
 * Names what in this process could let keys out of memory. It cannot prevent any of it: it only
 * tells the operator.
 */
export function riskyCircumstances(inject: 'sealed' | 'env' | 'none'): string[] {
  const risks: string[] = [];
  if (inspectorUrl() !== undefined) {
    risks.push('the inspector is open: whoever reaches it can read keys from memory');
  }
  const writesReports =
    process.report.reportOnFatalError || process.report.reportOnUncaughtException;
  if (inject === 'env' && writesReports && !process.report.excludeEnv) {
    risks.push('diagnostic reports are on and would write the environment, with keys, to disk');
  }
  if (process.execArgv.some((option) => option.startsWith('--heapsnapshot'))) {
    risks.push('heap snapshots are on and may write keys to disk');
  }
  return risks;
}
