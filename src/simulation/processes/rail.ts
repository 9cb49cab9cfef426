// Runs all other banks as a process of their own, which misbehave until they are told to behave. No
// payment is lost with the bank: what became of it is known here.

import { misbehaved, startSimulator, wellBehaved } from '#payments';
import { systemClock } from '#platform';

const [, , participant = '', seed = '1'] = process.argv;

const behaviour = { ...misbehaved };
process.on('message', () => Object.assign(behaviour, wellBehaved));
// Whoever started it is gone, and so is its use.
process.on('disconnect', () => process.exit());

const { url } = await startSimulator({
  port: 0,
  seed: Number(seed),
  behaviour,
  participant,
  clock: systemClock(),
});
process.send?.(url);
