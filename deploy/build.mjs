// npm run build: installs and builds what is missing or stale, and starts nothing.
import { reportFailure } from './progress.mjs';
import { prepare } from './steps.mjs';

try {
  await prepare();
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}
