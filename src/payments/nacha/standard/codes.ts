// TABLE  the code sets of the NACHA Operating Rules: transaction codes, return reasons (R), change
// reasons (C), and the small ones of single fields. Their spelling is the standard's.

export type Direction = 'credit' | 'debit';

export interface Transaction {
  readonly direction: Direction;
  readonly purpose: 'live' | 'return' | 'prenotification' | 'zero_dollar' | 'advice';
}

const purposes = ['return', 'live', 'prenotification', 'zero_dollar'] as const;

/**
 * The first digit is the kind of account (2 demand, 3 savings, 4 general ledger, 5 loan), the
 * second what is done to it: 1 to 4 are credits, 6 to 9 debits, in the same order of purposes. A
 * loan is debited to reverse a credit only (55); 81 to 88 are automated accounting advices.
 */
const transactions: ReadonlyMap<string, Transaction> = new Map<string, Transaction>([
  ...['2', '3', '4', '5'].flatMap((account) =>
    purposes.map((purpose, index): [string, Transaction] => [
      `${account}${index + 1}`,
      { direction: 'credit', purpose },
    ]),
  ),
  ...['2', '3', '4'].flatMap((account) =>
    purposes.map((purpose, index): [string, Transaction] => [
      `${account}${index + 6}`,
      { direction: 'debit', purpose },
    ]),
  ),
  ['55', { direction: 'debit', purpose: 'live' }],
  ['56', { direction: 'debit', purpose: 'return' }],
  ...['81', '83', '85', '87'].map((code): [string, Transaction] => [
    code,
    { direction: 'credit', purpose: 'advice' },
  ]),
  ...['82', '84', '86', '88'].map((code): [string, Transaction] => [
    code,
    { direction: 'debit', purpose: 'advice' },
  ]),
]);

export function transactionOf(code: string): Transaction | undefined {
  return transactions.get(code);
}

/** The code of an entry that returns one of this code, or tells of a change of it. */
export function returnTransactionCodeOf(code: string): string {
  const { direction } = transactions.get(code) ?? { direction: 'credit' };
  return `${code.slice(0, 1)}${direction === 'credit' ? '1' : '6'}`;
}

export type ReturnReasonKind = 'return' | 'dishonored' | 'contested';

/** Why an entry was returned, and what each reason is called. */
export const returnReasons: ReadonlyMap<string, string> = new Map([
  ['R01', 'Insufficient funds'],
  ['R02', 'Account closed'],
  ['R03', 'No account, or unable to locate it'],
  ['R04', 'Invalid account number'],
  ['R05', 'Unauthorised debit to a consumer account under a corporate entry class'],
  ['R06', "Returned at the ODFI's request"],
  ['R07', 'Authorisation revoked by the customer'],
  ['R08', 'Payment stopped'],
  ['R09', 'Uncollected funds'],
  ['R10', 'Originator not known to the receiver, or not authorised'],
  ['R11', 'Entry not in accordance with the terms of the authorisation'],
  ['R12', 'Account sold to another institution'],
  ['R13', 'RDFI not qualified to participate'],
  ['R14', 'Representative payee deceased'],
  ['R15', 'Beneficiary or account holder deceased'],
  ['R16', 'Account frozen'],
  ['R17', 'File record edit criteria'],
  ['R18', 'Improper effective entry date'],
  ['R19', 'Amount field error'],
  ['R20', 'Non-transaction account'],
  ['R21', 'Invalid company identification'],
  ['R22', 'Invalid individual identification number'],
  ['R23', 'Credit refused by the receiver'],
  ['R24', 'Duplicate entry'],
  ['R25', 'Addenda error'],
  ['R26', 'Mandatory field error'],
  ['R27', 'Trace number error'],
  ['R28', 'Routing number check digit error'],
  ['R29', 'Corporate customer advises not authorised'],
  ['R30', 'RDFI does not take part in check truncation'],
  ['R31', 'Permissible return entry (CCD and CTX)'],
  ['R32', 'RDFI cannot settle'],
  ['R33', 'Return of an XCK entry'],
  ['R34', 'Limited participation of the RDFI'],
  ['R35', 'Return of an improper debit'],
  ['R36', 'Return of an improper credit'],
  ['R37', 'Source document presented for payment'],
  ['R38', 'Stop payment on the source document'],
  ['R39', 'Improper source document'],
  ['R40', 'Return of an ENR entry by the agency'],
  ['R41', 'Invalid transaction code (ENR)'],
  ['R42', 'Routing number or check digit error (ENR)'],
  ['R43', 'Invalid account number (ENR)'],
  ['R44', 'Invalid identification number (ENR)'],
  ['R45', 'Invalid name (ENR)'],
  ['R46', 'Invalid representative payee indicator (ENR)'],
  ['R47', 'Duplicate enrolment (ENR)'],
  ['R50', 'State law affects acceptance of RCK'],
  ['R51', 'Item of an RCK entry is ineligible'],
  ['R52', 'Stop payment on the item of an RCK entry'],
  ['R53', 'Item and RCK entry both presented'],
  ['R61', 'Misrouted return'],
  ['R62', 'Return of an erroneous or reversing debit'],
  ['R67', 'Duplicate return'],
  ['R68', 'Untimely return'],
  ['R69', 'Field error in a return'],
  ['R70', 'Permissible return not accepted, or not requested'],
  ['R71', 'Misrouted dishonored return'],
  ['R72', 'Untimely dishonored return'],
  ['R73', 'The original return was timely'],
  ['R74', 'Corrected return'],
  ['R75', 'The return was not a duplicate'],
  ['R76', 'No errors found in the return'],
  ['R77', 'R62 dishonored return not accepted'],
  ['R80', 'IAT entry coding error'],
  ['R81', 'Does not take part in IAT'],
  ['R82', 'Invalid foreign receiving bank'],
  ['R83', 'Foreign receiving bank unable to settle'],
  ['R84', 'Entry not processed by the gateway'],
  ['R85', 'Incorrectly coded outbound international payment'],
]);

const dishonored = /^R6[12789]$|^R70$/;
const contested = /^R7[1-7]$/;

/** Which step of a return its reason belongs to; undefined for what is no reason. */
export function returnReasonKind(code: string): ReturnReasonKind | undefined {
  if (!returnReasons.has(code)) {
    return undefined;
  }
  if (dishonored.test(code)) {
    return 'dishonored';
  }
  return contested.test(code) ? 'contested' : 'return';
}

/** What a notification of change asks to change, and (C61 to C69) why one is refused. */
export const changeReasons: ReadonlyMap<string, string> = new Map([
  ['C01', 'Incorrect account number'],
  ['C02', 'Incorrect routing number'],
  ['C03', 'Incorrect routing number and account number'],
  ['C04', 'Incorrect name'],
  ['C05', 'Incorrect transaction code'],
  ['C06', 'Incorrect account number and transaction code'],
  ['C07', 'Incorrect routing number, account number and transaction code'],
  ['C08', 'Incorrect receiving bank identification (IAT)'],
  ['C09', 'Incorrect identification number'],
  ['C10', 'Incorrect company name'],
  ['C11', 'Incorrect company identification'],
  ['C12', 'Incorrect company name and identification'],
  ['C13', 'Addenda format error'],
  ['C14', 'Incorrect entry class of an outbound international payment'],
  ['C61', 'Misrouted notification of change'],
  ['C62', 'Incorrect trace number'],
  ['C63', 'Incorrect company identification number'],
  ['C64', 'Incorrect individual identification number'],
  ['C65', 'Incorrectly formatted corrected data'],
  ['C66', 'Incorrect discretionary data'],
  ['C67', 'Routing number not from the original entry'],
  ['C68', 'Account number not from the original entry'],
  ['C69', 'Incorrect transaction code'],
]);

export function changeReasonKind(code: string): 'change' | 'refused' | undefined {
  if (!changeReasons.has(code)) {
    return undefined;
  }
  return code.startsWith('C6') ? 'refused' : 'change';
}

export const serviceClasses = {
  mixed: '200',
  credits: '220',
  debits: '225',
  advices: '280',
} as const;

export const cardTransactionTypes: ReadonlySet<string> = new Set(
  '01 02 03 11 12 13 21 99'.split(' '),
);

/** What an IAT payment is for: its own types, and entry classes that may be IAT's as well. */
export const iatTransactionTypes: ReadonlySet<string> = new Set(
  'ANN BUS DEP LOA MIS MOR PEN RLS REM SAL TAX TEL WEB ARC BOC POP POS MTE SHR RCK'.split(' '),
);

export const states: ReadonlySet<string> = new Set(
  (
    'AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT ' +
    'NC ND NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY'
  ).split(' '),
);

/** ISO 3166-1 alpha-2. */
export const countries: ReadonlySet<string> = new Set(
  (
    'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN ' +
    'BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ ' +
    'DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL ' +
    'GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM ' +
    'JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME ' +
    'MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP ' +
    'NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD ' +
    'SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO ' +
    'TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW'
  ).split(' '),
);

const weights = [3, 7, 1, 3, 7, 1, 3, 7];

/** The ninth digit of a routing number, from its first eight (ABA, modulus 10). */
export function checkDigitOf(firstEight: string): string {
  let sum = 0;
  for (let index = 0; index < 8; index++) {
    sum += (firstEight.charCodeAt(index) - 48) * (weights[index] ?? 0);
  }
  return String((10 - (sum % 10)) % 10);
}
