// Owns the settings of the embedded PostgreSQL, each with its reason. Those that keep committed
// money safe through a crash (fsync, full_page_writes, synchronous_commit) are on.

import os from 'node:os';

export interface ServerSetting {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

export interface ServerSettingOptions {
  readonly socketFolder: string;
  /** False only in tests that never crash the server: about three times faster to set up. */
  readonly isDurable: boolean;
  /** Replaces the share of the machine's memory. */
  readonly sharedBuffersMb?: number;
}

const MB = 1024 * 1024;
const SHARED_BUFFERS_MIN_MB = 128;
const SHARED_BUFFERS_MAX_MB = 2048;

/** A quarter of the memory this process may use, within limits. */
export function sharedBuffersMb(memoryBytes: number): number {
  const quarter = Math.floor(memoryBytes / 4 / MB);
  return Math.min(SHARED_BUFFERS_MAX_MB, Math.max(SHARED_BUFFERS_MIN_MB, quarter));
}

// In a container the limit is smaller than the machine; without one the system reports a huge
// number.
function usableMemoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
}

export function serverSettings(options: ServerSettingOptions): ServerSetting[] {
  const buffersMb = options.sharedBuffersMb ?? sharedBuffersMb(usableMemoryBytes());
  return [
    ...connectionSettings(options.socketFolder),
    ...durabilitySettings(options.isDurable),
    ...speedSettings(buffersMb),
    ...logSettings,
  ];
}

function connectionSettings(socketFolder: string): ServerSetting[] {
  return [
    {
      name: 'listen_addresses',
      value: '',
      reason: 'no TCP: no port can be in use, and nobody reaches it over the network',
    },
    {
      name: 'unix_socket_directories',
      value: socketFolder,
      reason: 'a folder that only the database user and root can enter',
    },
    { name: 'unix_socket_permissions', value: '0700', reason: 'the same, on the socket itself' },
    { name: 'port', value: '5432', reason: 'only part of the name of the socket' },
    {
      name: 'max_connections',
      value: '60',
      reason: 'several server processes with small pools; each connection costs memory',
    },
    { name: 'timezone', value: 'UTC', reason: 'times are stored and shown in UTC' },
  ];
}

function durabilitySettings(isDurable: boolean): ServerSetting[] {
  const value = isDurable ? 'on' : 'off';
  return [
    { name: 'fsync', value, reason: 'a commit survives the loss of power' },
    { name: 'full_page_writes', value, reason: 'a page half-written at a crash is repaired' },
    { name: 'synchronous_commit', value, reason: 'an answer is sent only after the disk has it' },
  ];
}

function speedSettings(buffersMb: number): ServerSetting[] {
  return [
    {
      name: 'shared_buffers',
      value: `${buffersMb}MB`,
      reason: 'a quarter of the memory; more gains little, as balances and new entries are small',
    },
    {
      name: 'max_wal_size',
      value: '4GB',
      reason: 'checkpoints come by the clock and not by volume; each makes pages be logged whole',
    },
    {
      name: 'checkpoint_timeout',
      value: '15min',
      reason: 'fewer whole pages in the log, for a recovery that still takes seconds to a minute',
    },
    {
      name: 'wal_compression',
      value: 'off',
      reason: 'processor time is scarcer than log volume; this build lacks the fast methods',
    },
    { name: 'wal_buffers', value: '64MB', reason: 'a batch of thousands fits before its commit' },
    { name: 'random_page_cost', value: '1.1', reason: 'solid-state disks find pages at random' },
    {
      name: 'jit',
      value: 'off',
      reason: 'compiling costs more than it saves in statements of milliseconds',
    },
    {
      name: 'autovacuum_vacuum_insert_scale_factor',
      value: '0.05',
      reason: 'append-only tables are frozen in small steps and not in one long run much later',
    },
    {
      name: 'autovacuum_analyze_scale_factor',
      value: '0.05',
      reason: 'statistics keep up with tables that grow fast',
    },
    {
      name: 'max_locks_per_transaction',
      value: '256',
      reason: 'a query over a history of many partitions locks each of them',
    },
  ];
}

const logSettings: readonly ServerSetting[] = [
  { name: 'logging_collector', value: 'off', reason: 'Florin keeps the log and bounds its size' },
  { name: 'log_destination', value: 'stderr', reason: 'which Florin directs into a file' },
  {
    name: 'log_line_prefix',
    value: '%m [%p] %q%u@%r %e ',
    reason: 'when, which process, and of a session: who, from where, and the state of an error',
  },
  { name: 'log_timezone', value: 'UTC', reason: 'as in our own log' },
  { name: 'log_checkpoints', value: 'off', reason: 'routine; only warnings matter here' },
  {
    name: 'log_min_error_statement',
    value: 'panic',
    reason: 'statements and their values are customer data and stay out of logs',
  },
  { name: 'log_parameter_max_length_on_error', value: '0', reason: 'the same for parameters' },
  { name: 'log_error_verbosity', value: 'terse', reason: 'the same for the keys in a detail line' },
];

/** The text of a configuration file. */
export function formatSettings(settings: readonly ServerSetting[]): string {
  const lines = settings.map(
    ({ name, value, reason }) => `${name} = '${value.replaceAll("'", "''")}'  # ${reason}`,
  );
  return `# Written by Florin at each start; changes are lost.\n${lines.join('\n')}\n`;
}
