import { refillSentence } from './refill-view';

it.each([
  ['set-to', null, 'Sets the free balance to $20.00'],
  ['add', null, 'Adds $20.00'],
  ['add-with-cap', '50.000000001', 'Adds $20.00, up to $50.000000001 free'],
] as const)('says what a refill of mode %s does', (mode, cap, sentence) => {
  expect(refillSentence({ mode, amount: '20.000000000', cap })).toBe(sentence);
});
