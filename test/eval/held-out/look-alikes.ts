import type { Random } from './random.js';
import { luhnDigit } from './values.js';

type Maker = (random: Random) => string;

/** What is no personal data, however much it looks like it. It stands inside a sentence. */
export const lookAlikes: readonly Maker[] = [
  (r) => `ORD-${r.whole(2019, 2025)}-${r.digits(6)}`,
  (r) => `INV/${r.digits(4)}/${r.digits(5)}`,
  (r) => `#${r.digits(8)}`,
  (r) => uuid(r),
  (r) => r.hex(40),
  (r) => r.hex(7),
  (r) => `sha256:${r.hex(64)}`,
  (r) => `md5 ${r.hex(32)}`,
  (r) => `version ${r.whole(1, 9)}.${r.whole(0, 40)}.${r.whole(256, 9999)}.0`,
  (r) => `v${r.whole(1, 20)}.${r.whole(0, 20)}.${r.whole(0, 20)}-rc.${r.whole(1, 9)}`,
  (r) => `Version ${r.whole(1, 20)}.${r.whole(0, 20)}.${r.whole(0, 20)}.${r.whole(0, 20)}`,
  (r) => `OID 1.3.6.1.4.1.${r.whole(100, 60000)}.${r.whole(1, 9)}`,
  (r) => `section ${r.whole(1, 9)}.${r.whole(1, 20)}.${r.whole(1, 9)}`,
  (r) => `17${r.digits(11)}`,
  (r) => `2025-0${r.whole(1, 9)}-1${r.whole(0, 9)}T0${r.whole(0, 9)}:15:30.123Z`,
  (r) => isbn(r),
  (r) => `${r.whole(30, 60)}.${r.digits(6)}, -${r.whole(60, 120)}.${r.digits(6)}`,
  (r) => `1Z999AA1${r.digits(10)}`,
  (r) => withLuhn(`90${r.digits(13)}`),
  (r) => withLuhn(`1${r.digits(14)}`),
  (r) => withLuhn(`7${r.digits(10)}`),
  (r) => `PN ${r.digits(3)}-${r.digits(2)}-${r.digits(4)}-A${r.digits(2)}`,
  (r) => `000-${r.whole(10, 99)}-${r.digits(4)}`,
  (r) => `${r.digits(2)}-${r.digits(7)}`,
  (r) => `$${r.whole(1, 9)},${r.digits(3)},${r.digits(3)}.${r.digits(2)}`,
  (r) => `pages ${r.whole(100, 199)}-${r.whole(200, 299)}`,
  () => `fiscal years 2019-2023`,
  (r) => `lot ${r.digits(4)} ${r.digits(4)}`,
  (r) => `DOI 10.10${r.digits(2)}/s41586-020-${r.digits(4)}-2`,
  () => `icon@2x.png`,
  (r) => `@angular/core@${r.whole(10, 20)}.0.${r.whole(1, 9)}`,
  (r) => `@app.route("/items/${r.digits(3)}")`,
  () => `git@github.com:acme/site.git`,
  (r) => `lodash@4.17.${r.whole(1, 21)}`,
  () => `\${EMAIL_ADDRESS}`,
  () => `{{ user.email }}`,
  () => `<your-api-key>`,
  () => `API_KEY=YOUR_API_KEY_HERE`,
  () => `password: ********`,
  () => `password = os.environ["DB_PASSWORD"]`,
  () => `token = getToken(request)`,
  () => `"api_key": null`,
  () => `api_key: \${{ secrets.API_KEY }}`,
  (r) => `card ending in ${r.digits(4)}`,
  (r) => `**** **** **** ${r.digits(4)}`,
  (r) => `xxx-xx-${r.digits(4)}`,
  () => `127.0.0.1`,
  () => `0.0.0.0`,
  () => `mask 255.255.255.0`,
  (r) => `#${r.hex(6)}`,
  (r) => `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA${r.key(60)}`,
  (r) => `integrity="sha512-${r.key(86)}=="`,
  () => `09:30-17:45`,
  () => `3.14159265358979`,
  () => `192.168.x.x`,
  (r) => `300.400.${r.digits(3)}.1`,
  () => `ratio 16:9::4:3`,
  () => `std::vector::size`,
  () => `12:34:56`,
  (r) => `ticket 4-${r.digits(2)}-${r.digits(2)}`,
  () => `eyJhbGciOiJIUzI1NiJ9...`,
  () => `please reset your password at the login page`,
  (r) => `12 @ ${r.whole(1, 9)}.50 each`,
  () => `tweet by @data_desk`,
];

function uuid(r: Random): string {
  return [8, 4, 4, 4, 12].map((length) => r.hex(length)).join('-');
}

function withLuhn(digits: string): string {
  return digits + luhnDigit(digits);
}

function isbn(r: Random): string {
  const digits = `978${r.digits(9)}`;
  const sum = Array.from(digits).reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3),
    0,
  );
  const whole = digits + String((10 - (sum % 10)) % 10);
  return `ISBN ${r.pick([whole, whole.replace(/^(.{3})(.)(.{4})(.{4})(.)$/, '$1-$2-$3-$4-$5')])}`;
}
