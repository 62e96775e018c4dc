import { readEnvironment } from './environment.js';
import { runCommandLine } from './program.js';

// A reader that has seen enough (head, less) closes the pipe: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : 1),
);

process.exitCode = await runCommandLine(process.argv.slice(2), process, readEnvironment());
