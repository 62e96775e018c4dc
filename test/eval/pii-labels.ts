import type { PiiType } from '../../sdk/src/safety/finding.js';

/** What collections call things, and what the filter calls them; the first that fits. Names are in capitals, with `_`. */
const rules: readonly (readonly [pattern: RegExp, type: PiiType | undefined])[] = [
  [/CVV|CVC|EXPIR|CARD_?(HOLDER|TYPE|ISSUER|BRAND|PIN)|_NAME$/, undefined],
  [/E_?MAIL/, 'email'],
  [/CREDIT_?CARD|DEBIT_?CARD|PAYMENT_?CARD|^CARD(_?(NUMBER|NO|NUM))?$|^PAN$/, 'card'],
  [/IBAN/, 'iban'],
  [/SSN|SOCIAL_?SECURITY|ITIN/, 'ssn'],
  [/DATE_?OF_?BIRTH|BIRTH_?DATE|^DOB$/, 'birthDate'],
  [/PHONE|MOBILE|^FAX|^TEL(_|$)|CELL_?(NUMBER|NO)/, 'phone'],
  [/^MAC$|MAC_?ADDR/, 'mac'],
  [/(^|_)IP(_?V[46])?(_?ADDR(ESS)?)?$/, 'ip'],
  [
    /API_?KEY|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIALS?$|CONNECTION_?STRING|JWT|(PRIVATE|ACCESS|SSH|ENCRYPTION|SIGNING)_?KEY|(^|AUTH\w*_|ACCESS_|BEARER_|SESSION_|REFRESH_|API_|SECURITY_|OAUTH_)TOKEN$/,
    'secret',
  ],
  [/CRYPTO|BITCOIN|ETHEREUM|WALLET/, 'wallet'],
  [
    /BANK_?(ACCOUNT|ROUTING)|ACCOUNT_?(NUMBER|NO)$|ROUTING|SWIFT|(^|_)BIC|SORT_?CODE/,
    'bankAccount',
  ],
  [/MEDICAL_?(RECORD|ID|LICEN)|^MRN|HEALTH_?(INSURANCE|PLAN)|^NPI|^DEA_|PRESCRIPTION/, 'medicalId'],
  [/INSURANCE_?(POLICY|ID|NUMBER|MEMBER)|MEDICARE|BENEFICIARY/, 'medicalId'],
  [/PASSPORT|DRIVER|DRIVING|VISA_?(NUMBER|NO)/, 'documentId'],
  [/NATIONAL_?(ID|INSURANCE)|TAX_?(ID|PAYER)|^TIN$|AADHAAR|^NINO$|^CPF$|ID_?CARD/, 'nationalId'],
];

const known = new Map<string, PiiType | undefined>();

/** @returns undefined for labels of something that the filter does not look for */
export function typeOfLabel(label: string): PiiType | undefined {
  if (!known.has(label)) {
    const name = label
      .replace(/([a-z\d])([A-Z])/g, '$1_$2')
      .toUpperCase()
      .replace(/[^A-Z\d]+/g, '_');
    known.set(label, rules.find(([pattern]) => pattern.test(name))?.[1]);
  }
  return known.get(label);
}
