import { apiError } from '../../api/api-error';
import type { Api, Schemas } from '../../api/client';

/**
 * Makes a key once. Where an earlier attempt made it and its answer was lost, nobody has its secret: it gets another.
 *
 * @param request with the id of the attempt
 */
export async function makeKey(
  api: Api,
  projectId: string,
  request: Schemas['KeyRequest'] & { readonly requestId: string },
): Promise<Schemas['CreatedKey']> {
  try {
    return await api.send('post', '/v1/projects/{projectId}/keys', {
      path: { projectId },
      body: request,
    });
  } catch (cause) {
    const keyId = apiError(cause).details?.['keyId'];
    if (typeof keyId !== 'string') throw cause;
    const { expiresInDays } = request;
    return api.send('post', '/v1/keys/{keyId}/rotation', {
      path: { keyId },
      body: { overlapMinutes: 0, ...(expiresInDays === undefined ? {} : { expiresInDays }) },
    });
  }
}
