/** The model of `/model/ID/…`; an inference profile may stand in its place. */
export function bedrockModel(url: URL): string {
  const [, id] = /\/model\/([^/]+)\//.exec(url.pathname) ?? [];
  return id === undefined ? '' : decodeURIComponent(id);
}
