// Runs the real server as a process of its own, for simulations that kill it.

import { main } from '../../main.ts';

process.exitCode = await main(process.env);
