// TABLE  the structure of the BBAN of each country: the IBAN registry (ISO 13616), n digits, a
// capital letters, c either. Lengths follow from it. Nothing outside the table is an IBAN.

/** Countries of the registry, territories that use their country's structure among them. */
const registered: Readonly<Record<string, string>> = {
  AD: 'n4n4c12',
  AE: 'n3n16',
  AL: 'n8c16',
  AT: 'n5n11',
  AZ: 'a4c20',
  BA: 'n3n3n8n2',
  BE: 'n3n7n2',
  BG: 'a4n4n2c8',
  BH: 'a4c14',
  BI: 'n5n5n11n2',
  BR: 'n8n5n10a1c1',
  BY: 'c4n4c16',
  CH: 'n5c12',
  CR: 'n4n14',
  CY: 'n3n5c16',
  CZ: 'n4n6n10',
  DE: 'n8n10',
  DJ: 'n5n5n11n2',
  DK: 'n4n9n1',
  DO: 'c4n20',
  EE: 'n2n2n11n1',
  EG: 'n4n4n17',
  ES: 'n4n4n1n1n10',
  FI: 'n3n11',
  FK: 'a2n12',
  FO: 'n4n9n1',
  FR: 'n5n5c11n2',
  GB: 'a4n6n8',
  GE: 'a2n16',
  GI: 'a4c15',
  GL: 'n4n9n1',
  GR: 'n3n4c16',
  GT: 'c4c20',
  HN: 'a4n20',
  HR: 'n7n10',
  HU: 'n3n4n1n15n1',
  IE: 'a4n6n8',
  IL: 'n3n3n13',
  IQ: 'a4n3n12',
  IS: 'n4n2n6n10',
  IT: 'a1n5n5c12',
  JO: 'a4n4c18',
  KW: 'a4c22',
  KZ: 'n3c13',
  LB: 'n4c20',
  LC: 'a4c24',
  LI: 'n5c12',
  LT: 'n5n11',
  LU: 'n3c13',
  LV: 'a4c13',
  LY: 'n3n3n15',
  MC: 'n5n5c11n2',
  MD: 'c2c18',
  ME: 'n3n13n2',
  MK: 'n3c10n2',
  MN: 'n4n12',
  MR: 'n5n5n11n2',
  MT: 'a4n5c18',
  MU: 'a4n2n2n12n3a3',
  NI: 'a4n20',
  NL: 'a4n10',
  NO: 'n4n6n1',
  OM: 'n3c16',
  PK: 'a4c16',
  PL: 'n8n16',
  PS: 'a4c21',
  PT: 'n4n4n11n2',
  QA: 'a4c21',
  RO: 'a4c16',
  RS: 'n3n13n2',
  RU: 'n9n5c15',
  SA: 'n2c18',
  SC: 'a4n2n2n16a3',
  SD: 'n2n12',
  SE: 'n3n16n1',
  SI: 'n5n8n2',
  SK: 'n4n6n10',
  SM: 'a1n5n5c12',
  SO: 'n4n3n12',
  ST: 'n4n4n11n2',
  SV: 'a4n20',
  TL: 'n3n14n2',
  TN: 'n2n3n13n2',
  TR: 'n5n1c16',
  UA: 'n6c19',
  VA: 'n3n15',
  VG: 'a4n16',
  XK: 'n4n10n2',
  YE: 'a4n4c18',
};

const FRENCH = registered['FR'] as string;

/**
 * In use, and accepted by most banks, without being in the registry: French territories under their
 * own code, and countries that have not registered their structure.
 */
const unregistered: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    'GF GP MQ RE PF TF YT NC BL MF PM WF'.split(' ').map((code) => [code, FRENCH]),
  ),
  AO: 'n21',
  BF: 'c2n22',
  BJ: 'c2n22',
  CF: 'n23',
  CG: 'n23',
  CI: 'c2n22',
  CM: 'n23',
  CV: 'n21',
  DZ: 'n22',
  GA: 'n23',
  GQ: 'n23',
  GW: 'c2n19',
  IR: 'n22',
  KM: 'n23',
  MA: 'n24',
  MG: 'n23',
  ML: 'c2n22',
  MZ: 'n21',
  NE: 'c2n22',
  SN: 'c2n22',
  TD: 'n23',
  TG: 'c2n22',
};

const CHARACTERS: Readonly<Record<string, string>> = { n: '[0-9]', a: '[A-Z]', c: '[0-9A-Z]' };

function patternOf(structure: string): RegExp {
  const parts = Array.from(structure.matchAll(/([nac])(\d+)/g), ([, kind = '', count]) => {
    return `${CHARACTERS[kind]}{${count}}`;
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** By country: what its BBAN looks like. */
export const bbanPatterns: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({ ...unregistered, ...registered }).map(([country, structure]) => {
    return [country, patternOf(structure)];
  }),
);
