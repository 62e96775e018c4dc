import type { Operation } from '../core/events.js';
import type { Endpoint } from '../providers/call-plan.js';

/** What an endpoint is asked for, in OpenTelemetry's words. */
export function operationOf({ name }: Endpoint): Operation {
  if (name.startsWith('embed')) return 'embeddings';
  return /image|speech/.test(name) ? 'generate_content' : 'chat';
}
