// Writes flow logs to its standard output, as many bytes as asked for: lines as those of a bank's
// cloud, each of them another. A process of its own, so that what it costs is not taken for what
// the import costs.

import { once } from 'node:events';
import { seeded } from '../ledger-world.ts';

const random = seeded(20_261_123);
const ACCOUNTS = 12;
const INTERFACES = 400;
const OUTSIDE = 60_000;
const LINES_AT_ONCE = 2_000;
const START = 1_790_000_000;
/** A thousand flows begin in each second. */
const FLOWS_PER_SECOND = 1_000;

const accounts = Array.from({ length: ACCOUNTS }, () => String(100_000_000_000 + random(9e9)));
const inside = Array.from({ length: INTERFACES }, (_, number) => ({
  account: accounts[number % ACCOUNTS] ?? '',
  interface: `eni-0${(0x1000_0000_0000 + number * 7_919).toString(16)}`,
  address:
    number % 40 === 0
      ? `2600:1f13:d::${number.toString(16)}`
      : `10.${number % 16}.${Math.floor(number / 16)}.${1 + random(250)}`,
}));
const outside = Array.from({ length: OUTSIDE }, (_, number) =>
  number % 25 === 0
    ? `2a00:1450:${random(65_535).toString(16)}::${random(65_535).toString(16)}`
    : `${11 + random(150)}.${random(256)}.${random(256)}.${1 + random(254)}`,
);
const ports = [443, 443, 443, 5_432, 80, 22, 3_389, 53];

let written = 0;

function line(): string {
  written += 1;
  const start = START + Math.floor(written / FLOWS_PER_SECOND);
  const own = inside[random(INTERFACES)] ?? inside[0];
  if (own === undefined) return '';
  const head = `2 ${own.account} ${own.interface}`;
  if (random(200) === 0) return `${head} - - - - - - - ${start} ${start + 60} - NODATA\n`;
  // Half of the traffic is within; of the rest, few addresses have most of it.
  const isWithin = random(2) === 0;
  const other = isWithin
    ? (inside[random(INTERFACES)]?.address ?? '')
    : (outside[random(1 + random(OUTSIDE))] ?? '');
  const isInward = random(2) === 0;
  const [source, destination] = isInward ? [other, own.address] : [own.address, other];
  const port = ports[random(ports.length)] ?? 443;
  const packets = 1 + random(200);
  const protocol = port === 53 ? 17 : 6;
  const action = random(30) === 0 ? 'REJECT' : 'ACCEPT';
  return (
    `${head} ${source} ${destination} ${1_024 + random(64_000)} ${port} ${protocol} ${packets} ` +
    `${packets * (40 + random(1_400))} ${start} ${start + 60} ${action} OK\n`
  );
}

const bytesWanted = Number(process.argv[2] ?? '0');
process.stdout.write('version account-id interface-id srcaddr dstaddr srcport dstport protocol ');
process.stdout.write('packets bytes start end action log-status\n');
for (let bytes = 0; bytes < bytesWanted;) {
  let text = '';
  for (let count = 0; count < LINES_AT_ONCE; count += 1) text += line();
  bytes += text.length;
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
