import type { Random } from './random.js';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

type Maker = (random: Random) => string;

/** Keys as the makers of services write them; put together here, so that no tool takes them for real. */
export const vendorKeys: readonly Maker[] = [
  (r) => `AKIA${r.text(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
  (r) => `gh${r.pick(['p', 'o', 's', 'u'])}_${r.key(36)}`,
  (r) => `github_pat_${r.key(22)}_${r.key(59)}`,
  (r) => `glpat-${r.key(20)}`,
  (r) => `xoxb-${r.digits(12)}-${r.digits(13)}-${r.key(24)}`,
  (r) => `https://hooks.slack.com/services/T${r.digits(8)}A/B${r.digits(8)}C/${r.key(24)}`,
  (r) => `${r.pick(['sk', 'rk'])}_live_${r.key(24)}`,
  (r) => `whsec_${r.key(32)}`,
  (r) => `sk-proj-${r.key(48)}`,
  (r) => `sk-${r.key(48)}`,
  (r) => `sk-ant-api03-${r.text(92, URL_SAFE)}A`,
  (r) => `AIza${r.text(34, URL_SAFE)}a`,
  (r) => `GOCSPX-${r.key(28)}`,
  (r) => `ya29.${r.text(80, URL_SAFE)}a`,
  (r) => `npm_${r.key(36)}`,
  (r) => `pypi-AgEIcHlwaS5vcmc${r.text(80, URL_SAFE)}a`,
  (r) => `SG.${r.key(22)}.${r.key(43)}`,
  (r) => `dop_v1_${r.hex(64)}`,
  (r) => `shpat_${r.hex(32)}`,
  (r) => `hf_${r.key(34)}`,
  (r) => `dapi${r.hex(32)}`,
  (r) => `lin_api_${r.key(40)}`,
  (r) => `ntn_${r.key(43)}`,
  (r) => `figd_${r.key(40)}`,
  (r) => `${r.digits(10)}:AA${r.text(32, URL_SAFE)}b`,
  (r) => `hvs.${r.key(95)}`,
  (r) => `glsa_${r.key(32)}_${r.hex(8)}`,
  (r) => `NRAK-${r.text(27, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')}`,
  (r) => `ATATT3xFfGF0${r.text(172, URL_SAFE)}=${r.hex(8).toUpperCase()}`,
  (r) => `PMAK-${r.hex(24)}-${r.hex(34)}`,
  (r) => `sbp_${r.hex(40)}`,
  (r) => `r8_${r.key(37)}`,
  (r) => `gsk_${r.key(52)}`,
  (r) => `xai-${r.key(80)}`,
  (r) => `pplx-${r.key(48)}`,
  (r) => `key-${r.hex(32)}`,
  (r) => `dp.pt.${r.key(43)}`,
  (r) => `eyJhbGciOiJIUzI1NiJ9.eyJ${r.key(40)}.${r.text(43, URL_SAFE)}`,
];

/** A key as it stands in configuration, headers and addresses: what is before, the secret, what is behind. */
export const namedSecrets: readonly ((random: Random) => readonly [string, string, string])[] = [
  (r) => ['AWS_SECRET_ACCESS_KEY=', r.text(39, BASE64) + r.digits(1), '\n'],
  (r) => ['DB_PASSWORD=', `${r.key(10)}!${r.key(4)}`, '\n'],
  (r) => ['{"client_secret": "', r.key(40), '"}'],
  (r) => ['Authorization: Bearer ', r.key(40), '\n'],
  (r) => [
    'Authorization: Basic ',
    Buffer.from(`${r.letters(6)}:${r.key(12)}`).toString('base64'),
    '\n',
  ],
  (r) => ['x-api-key: ', r.hex(40), '\n'],
  (r) => [`postgres://${r.letters(5)}:`, r.key(14), '@db.internal:5432/main'],
  (r) => [`mongodb+srv://${r.letters(5)}:`, r.key(12), '@cluster0.ab1cd.mongodb.net/test'],
  (r) => ['redis://:', r.key(16), '@cache:6379/0'],
  (r) => ['https://api.vela.io/v1/items?api_key=', r.hex(32), '&page=2'],
  (r) => [
    'DefaultEndpointsProtocol=https;AccountName=store;AccountKey=',
    `${r.text(86, BASE64)}==`,
    ';EndpointSuffix=core.windows.net',
  ],
  (r) => ['password: "', `${r.key(9)}#${r.digits(2)}`, '"'],
  (r) => ['const token = "', r.key(32), '";'],
  (r) => ["spring.datasource.password='", r.key(13), "'"],
  (r) => ['secretKey: ', r.text(43, BASE64), '=\n'],
  (r) => [
    '',
    `-----BEGIN RSA PRIVATE KEY-----\n${r.text(64, BASE64)}\n${r.text(64, BASE64)}\n${r.text(32, BASE64)}\n-----END RSA PRIVATE KEY-----`,
    '\n',
  ],
];
