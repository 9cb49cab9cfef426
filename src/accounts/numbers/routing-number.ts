// Owns US routing numbers: nine digits of the American Bankers Association, whose weighted sum is a
// multiple of ten. Pure.

const ROUTING_NUMBER = /^(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)[0-9]{7}$/;
const WEIGHTS = [3, 7, 1];

/**
 * The first two digits say whose it is: the government's, a Federal Reserve district's, a
 * thrift's, an electronic one, or of traveller's cheques.
 */
export function isRoutingNumber(text: string): boolean {
  if (!ROUTING_NUMBER.test(text) || text === '000000000') return false;
  const sum = Array.from(text, Number).reduce((total, digit, index) => {
    return total + digit * (WEIGHTS[index % WEIGHTS.length] as number);
  }, 0);
  return sum % 10 === 0;
}

/** Digits, letters and hyphens, as an ACH entry carries them. */
export function isUsAccountNumber(text: string): boolean {
  return /^[A-Z0-9-]{1,17}$/.test(text);
}
