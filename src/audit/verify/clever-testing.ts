// The cleverer ways in which a hand with every right could change the log, each with the rule that
// must notice. Each begins from the log of the tampering test, and is undone afterwards.

import { zstdDecompressSync } from 'node:zlib';
import type { Uuid } from '#kernel';
import type { Session } from '#platform';
import { checkpointText } from '../tree/checkpoint.ts';
import { Frontier } from '../tree/frontier.ts';
import { leafHash } from '../tree/hash.ts';
import { signNote, type NoteSigner } from '../tree/note.ts';
import type { RuleName } from './finding.ts';

export interface Cleverness {
  readonly what: string;
  readonly act: (hand: Session, forger: NoteSigner) => Promise<void>;
  /** Each of them must be found. */
  readonly found: readonly RuleName[];
  /** None of them may be: it was clever enough for these. */
  readonly notFound?: readonly RuleName[];
}

const run =
  (...statements: string[]) =>
  async (hand: Session): Promise<void> => {
    for (const text of statements) await hand.query({ text });
  };

interface PlacedBundle {
  readonly first_leaf: bigint;
  readonly id: Uuid;
  readonly month: number;
  readonly encoding: number;
  readonly leaves: Buffer;
  readonly hashes: Buffer;
}

/** The n-th bundle of several records that has a place; counted from the last where negative. */
async function placedBundle(hand: Session, number: number): Promise<PlacedBundle> {
  const rows = await hand.query<PlacedBundle>({
    text: `select p.first_leaf, b.id, b.month, b.encoding, b.leaves, p.hashes
      from audit.places p join audit.bundles b on b.id = p.bundle_id
      where b.leaf_count > 1 order by p.first_leaf`,
  });
  const row = rows.at(number);
  if (row === undefined) throw new Error('the log has too few bundles');
  return row;
}

function linesOf({ encoding, leaves }: PlacedBundle): string[] {
  const bytes = encoding === 0 ? leaves : zstdDecompressSync(leaves);
  return bytes.toString().split('\n');
}

/** Stores other lines in a bundle, and their hashes in its place. */
async function rewrite(hand: Session, bundle: PlacedBundle, lines: string[]): Promise<void> {
  await hand.query({
    text: 'update audit.bundles set leaves = $1, encoding = 0 where id = $2',
    values: [Buffer.from(lines.join('\n')), bundle.id],
  });
  await hand.query({
    text: 'update audit.places set hashes = $1 where bundle_id = $2',
    values: [Buffer.concat(lines.map((line) => leafHash(Buffer.from(line)))), bundle.id],
  });
}

/** Makes every subtree root and every checkpoint's root follow from the places again. */
async function regrow(hand: Session, signer?: NoteSigner): Promise<void> {
  const places = await hand.query<{ hashes: Buffer }>({
    text: 'select p.hashes from audit.places p order by p.first_leaf',
  });
  const sizes = await hand.query<{ size: bigint; note: string }>({
    text: 'select c.size, c.note from audit.checkpoints c',
  });
  const frontier = new Frontier();
  for (const { hashes } of places) {
    for (let at = 0; at < hashes.length; at += 32) {
      const nodes: { level: number; index: number; node: Buffer }[] = [];
      frontier.append(hashes.subarray(at, at + 32), (height, index, node) => {
        if (height > 0 && height % 8 === 0) nodes.push({ level: height / 8, index, node });
      });
      for (const { level, index, node } of nodes) {
        await hand.query({
          text: 'update audit.nodes set hash = $1 where level = $2 and index = $3',
          values: [node, level, index],
        });
      }
      const stored = sizes.find(({ size }) => Number(size) === frontier.size);
      if (stored !== undefined) await resign(hand, stored, { root: frontier.root(), signer });
    }
  }
}

async function resign(
  hand: Session,
  { size, note }: { readonly size: bigint; readonly note: string },
  { root, signer }: { root: Buffer; signer: NoteSigner | undefined },
): Promise<void> {
  const [origin = ''] = note.split('\n');
  const text = checkpointText({ origin, size: Number(size), root });
  const signature = note.slice(note.lastIndexOf('\n\n') + 1);
  await hand.query({
    text: 'update audit.checkpoints set root = $1, note = $2 where size = $3',
    values: [root, signer === undefined ? text + signature : await signNote(text, signer), size],
  });
}

const newBundle = (id: string, lines: string): string => `
  insert into audit.bundles (month, id, recorded_at, leaf_count, encoding, leaves)
  select month, '${id}', recorded_at, leaf_count, encoding, ${lines} from audit.bundles
  where id = (select p.bundle_id from audit.places p where p.first_leaf =
    (select max(q.first_leaf) from audit.places q))`;
const LAST = `(select p.bundle_id from audit.places p order by p.first_leaf desc limit 1)`;
const FORGED = '01727a0d-aaaa-7000-8000-000000000000';
const WAITING = '(select i.bundle_id from audit.inbox i order by i.number limit 1)';

export const clevernesses: readonly Cleverness[] = [
  {
    what: 'a record edited together with the hash in its place',
    act: async (hand) => {
      const bundle = await placedBundle(hand, 3);
      await rewrite(hand, bundle, linesOf(bundle).map(renamed));
    },
    found: ['node_wrong', 'checkpoint_root_wrong', 'log_rolled_back'],
    notFound: ['leaf_altered', 'leaf_form'],
  },
  {
    what: 'a record edited together with hashes, subtree roots and checkpoints',
    act: async (hand) => {
      const bundle = await placedBundle(hand, 3);
      await rewrite(hand, bundle, linesOf(bundle).map(renamed));
      await regrow(hand);
    },
    found: ['checkpoint_signature_wrong', 'log_rolled_back'],
    notFound: ['leaf_altered', 'node_wrong', 'checkpoint_root_wrong'],
  },
  {
    what: 'a record edited, and everything signed again with a key of the hand',
    act: async (hand, forger) => {
      const bundle = await placedBundle(hand, 3);
      await rewrite(hand, bundle, linesOf(bundle).map(renamed));
      await hand.query({
        text: 'insert into audit.signing_keys values ($1, 0, now())',
        values: [forger.publicKey],
      });
      await regrow(hand, forger);
    },
    found: ['key_unknown', 'change_unrecorded', 'log_rolled_back'],
    notFound: ['leaf_altered', 'node_wrong', 'checkpoint_root_wrong', 'checkpoint_signature_wrong'],
  },
  {
    what: 'two bundles that changed their places',
    act: async (hand) => {
      const [one, other] = [await placedBundle(hand, 2), await placedBundle(hand, 3)];
      await hand.query({
        text: `update audit.places set bundle_id = gen_random_uuid()
        where bundle_id = '${one.id}'`,
      });
      const move = 'update audit.places set bundle_id = $1 where first_leaf = $2';
      await hand.query({ text: move, values: [one.id, other.first_leaf] });
      await hand.query({ text: move, values: [other.id, one.first_leaf] });
    },
    found: ['leaf_altered'],
  },
  {
    what: 'the newest bundles, places, subtrees and checkpoints gone together',
    act: run(
      `delete from audit.bundles where id in (select bundle_id from audit.places
        where first_leaf >=
          (select size from audit.checkpoints order by size desc offset 1 limit 1))`,
      `delete from audit.places where first_leaf >=
        (select size from audit.checkpoints order by size desc offset 1 limit 1)`,
      `delete from audit.checkpoints where size = (select max(size) from audit.checkpoints)`,
    ),
    found: ['log_rolled_back'],
    notFound: ['place_gap', 'checkpoint_missing', 'log_ends_before_checkpoint', 'bundle_missing'],
  },
  {
    what: 'the newest places gone, and nothing else',
    act: run(
      `delete from audit.places where first_leaf >=
        (select size from audit.checkpoints order by size desc offset 1 limit 1)`,
    ),
    found: ['log_ends_before_checkpoint', 'bundle_unplaced', 'log_rolled_back'],
  },
  {
    what: 'a place moved to the end',
    act: run(
      `update audit.places set first_leaf = (select max(first_leaf + leaf_count) from audit.places)
        where first_leaf = (select min(first_leaf) from audit.places where first_leaf > 60)`,
    ),
    found: ['place_gap', 'checkpoint_root_wrong', 'checkpoint_missing'],
  },
  {
    what: 'a bundle replayed under another id, and sent to the sequencer',
    act: run(
      newBundle(FORGED, 'leaves'),
      `insert into audit.inbox (month, bundle_id)
        select month, id from audit.bundles where id = '${FORGED}'`,
    ),
    found: ['bundle_id_wrong'],
    notFound: ['bundle_unplaced', 'inbox_altered', 'leaf_form'],
  },
  {
    what: 'a bundle added past the inbox',
    act: run(newBundle(FORGED, 'leaves')),
    found: ['bundle_unplaced'],
  },
  {
    what: 'a forged record with a place at the end',
    act: async (hand) => {
      const line = renamed(linesOf(await placedBundle(hand, -1))[0] ?? '').replace(
        /"id":"aud_[^"]*"/,
        `"id":"aud_${FORGED.slice(0, -1)}1"`,
      );
      await hand.query({ text: newBundle(FORGED, 'leaves') });
      await hand.query({
        text: `update audit.bundles set leaves = $1, encoding = 0, leaf_count = 1 where id = $2`,
        values: [Buffer.from(line), FORGED],
      });
      await hand.query({
        text: `insert into audit.places select max(p.first_leaf + p.leaf_count), 1, max(b.month),
            $1, $2, max(p.sequenced_at)
          from audit.places p, audit.bundles b where b.id = $1`,
        values: [FORGED, leafHash(Buffer.from(line))],
      });
    },
    found: ['checkpoint_missing'],
    notFound: ['leaf_altered', 'leaf_form', 'bundle_id_wrong', 'bundle_unplaced'],
  },
  {
    what: 'a record that is no record, with its hash',
    act: async (hand) => {
      const bundle = await placedBundle(hand, 3);
      await rewrite(
        hand,
        bundle,
        linesOf(bundle).map((line) => line.replace('{', '{ ')),
      );
    },
    found: ['leaf_form', 'checkpoint_root_wrong'],
    notFound: ['leaf_altered'],
  },
  {
    what: 'records of one bundle put into another order, with their hashes',
    act: async (hand) => {
      const bundle = await placedBundle(hand, 3);
      await rewrite(hand, bundle, linesOf(bundle).toReversed());
    },
    found: ['bundle_id_wrong', 'checkpoint_root_wrong'],
    notFound: ['leaf_altered', 'leaf_form'],
  },
  {
    what: 'a bundle with two places',
    act: run(
      'alter table audit.places drop constraint places_bundle_id_key',
      `insert into audit.places select p.first_leaf + p.leaf_count, p.leaf_count, p.month,
          p.bundle_id, p.hashes, p.sequenced_at
        from audit.places p order by p.first_leaf desc limit 1`,
    ),
    found: ['place_duplicate_bundle', 'checkpoint_missing'],
  },
  {
    what: 'a copy of a bundle in another month',
    act: run(
      `insert into audit.bundles select 202007, id, recorded_at, leaf_count, encoding, leaves
        from audit.bundles where month = 202006 limit 1`,
    ),
    found: ['bundle_time_wrong', 'bundle_unplaced'],
  },
  {
    what: 'a bundle moved into another month',
    act: run(
      `update audit.bundles set month = 202007 where id = (select id from audit.bundles
        where month = 202006 order by id limit 1)`,
    ),
    found: ['bundle_time_wrong', 'place_month_wrong'],
  },
  {
    what: 'bytes that cannot be unpacked',
    act: run(`update audit.bundles set leaves = '\\x00', encoding = 1 where id = ${LAST}`),
    found: ['bundle_unreadable'],
  },
  {
    what: 'a waiting bundle that was edited',
    act: run(`update audit.bundles set leaves = leaves || '\\x20' where id = ${WAITING}`),
    found: ['leaf_form', 'inbox_altered'],
  },
  {
    what: 'a row of the inbox put in again to come later',
    act: run(
      `insert into audit.inbox (month, bundle_id) select month, bundle_id from audit.inbox
        where bundle_id = ${WAITING}`,
      `delete from audit.inbox where number = (select min(number) from audit.inbox)`,
    ),
    found: ['inbox_altered'],
  },
  {
    what: 'a row of the inbox twice',
    act: run(
      `insert into audit.inbox (month, bundle_id) select month, bundle_id from audit.inbox
        where bundle_id = ${WAITING}`,
    ),
    found: ['inbox_altered'],
  },
  {
    what: 'a row of the inbox for a bundle that has a place',
    act: run(`insert into audit.inbox (month, bundle_id) values (202006, ${LAST})`),
    found: ['inbox_stuck'],
  },
  {
    what: 'a row of the inbox for no bundle',
    act: run(`insert into audit.inbox (month, bundle_id) values (202006, gen_random_uuid())`),
    found: ['inbox_foreign'],
  },
  {
    what: 'a note that is none',
    act: run(`update audit.checkpoints set note = 'nothing' where size =
      (select max(size) from audit.checkpoints)`),
    found: ['checkpoint_form_wrong', 'key_unknown'],
  },
  {
    what: 'a checkpoint with the note of another',
    act: run(
      `update audit.checkpoints set (root, note) = (select o.root, o.note
          from audit.checkpoints o order by o.size limit 1)
        where size = (select max(size) from audit.checkpoints)`,
    ),
    found: ['checkpoint_order', 'checkpoint_root_wrong'],
  },
  {
    what: 'a checkpoint beyond the log',
    act: run(
      `insert into audit.checkpoints select size + 1000, root, note, created_at
        from audit.checkpoints order by size desc limit 1`,
    ),
    found: ['log_ends_before_checkpoint'],
  },
  {
    what: 'a subtree that the log does not have',
    act: run(`insert into audit.nodes select 2, 0, hash from audit.nodes limit 1`),
    found: ['node_foreign'],
  },
  {
    what: 'the key of a subject gone, as if it had been erased',
    act: run(`delete from audit.subjects where id = 'cus_1'`),
    found: ['leaf_unknown_subject'],
    notFound: ['change_unrecorded'],
  },
  {
    what: 'an erasure that nobody recorded',
    act: run(
      `delete from audit.subjects where id = 'cus_1'`,
      `insert into audit.erasures values ('cus_1', now(), 'tester')`,
    ),
    found: ['change_unrecorded'],
    notFound: ['leaf_unknown_subject'],
  },
  {
    what: 'the key of an erased subject put back',
    act: run(
      `insert into audit.subjects select 'cus_2', wrapped_key, created_at from audit.subjects
        where id = 'cus_1'`,
    ),
    found: ['subject_wrong'],
  },
  {
    what: 'the time of a month changed',
    act: run(`update audit.months set opened_at = opened_at - interval '1 second'
      where month = 202006`),
    found: ['month_wrong'],
  },
  {
    what: 'a partition that left its table',
    act: run('alter table audit.bundles detach partition audit.bundles_202007'),
    found: ['month_wrong', 'bundle_missing', 'table_altered'],
  },
  {
    what: 'a trigger dropped',
    act: run('drop trigger append_only on audit.places'),
    found: ['append_only'],
  },
  {
    what: 'a trigger of one partition put to sleep',
    act: run('alter table audit.bundles_202007 disable trigger append_only'),
    found: ['append_only'],
  },
  {
    what: 'a trigger against truncate dropped from one partition',
    act: run('drop trigger no_truncate on audit.bundles_202006'),
    found: ['append_only'],
  },
  {
    what: 'the function of the triggers made toothless',
    act: run(
      `create or replace function audit.refuse_change() returns trigger language plpgsql
        as 'begin return new; end'`,
    ),
    found: ['function_wrong'],
  },
  {
    what: 'a function that runs with the rights of the owner',
    act: run(
      `create function audit.edit(text) returns void language sql security definer as
        'delete from audit.erasures where subject_id = $1'`,
    ),
    found: ['function_wrong'],
  },
  {
    what: 'a function that lost its search path',
    act: run('alter function audit.open_month(integer, timestamptz) reset all'),
    found: ['function_wrong'],
  },
  {
    what: 'a right of the application to update',
    act: run('grant update on audit.checkpoints to florin_app'),
    found: ['rights_wrong'],
  },
  {
    what: 'a right of the application to update one column',
    act: run('grant update (note) on audit.checkpoints to florin_app'),
    found: ['rights_wrong'],
  },
  {
    what: 'a right of everybody to delete',
    act: run('grant delete on audit.bundles_202006 to public'),
    found: ['rights_wrong'],
  },
  {
    what: 'a right of the application to create',
    act: run('grant create on schema audit to florin_app'),
    found: ['rights_wrong'],
  },
  {
    what: 'an application whose triggers sleep',
    act: run(`alter role florin_app set session_replication_role = 'replica'`),
    found: ['rights_wrong'],
  },
  {
    what: 'an application that may become the owner',
    act: run('grant pg_write_all_data to florin_app'),
    found: ['rights_wrong'],
  },
  {
    what: 'rows hidden by row security',
    act: run('alter table audit.places enable row level security'),
    found: ['table_altered'],
  },
  {
    what: 'a rule that throws records away',
    act: run('create rule nothing as on insert to audit.inbox do instead nothing'),
    found: ['table_altered'],
  },
  {
    what: 'a trigger that throws records away',
    act: run(
      `create function public.nothing() returns trigger language plpgsql as
        'begin return null; end'`,
      `create trigger nothing before insert on audit.inbox for each row
        execute function public.nothing()`,
    ),
    found: ['table_altered'],
  },
  {
    what: 'a table that a crash empties',
    act: run('alter table audit.inbox set unlogged'),
    found: ['table_altered'],
  },
  {
    what: 'a table that a view has taken the place of',
    act: run(
      'alter table audit.nodes rename to nodes_before',
      'create view audit.nodes as select * from audit.nodes_before',
    ),
    found: ['table_altered'],
  },
  {
    what: 'terms taken out of the index',
    act: run(
      `update audit.terms set postings = substr(postings, 6) where length(postings) > 5
        and bucket = (select max(bucket) from audit.terms where length(postings) > 5)`,
    ),
    found: ['terms_wrong'],
  },
  {
    what: 'the whole index gone',
    act: run(`delete from audit.term_blocks where first_leaf = 0`),
    found: ['terms_wrong'],
  },
];

function renamed(line: string): string {
  return line.replace('"id":"tester"', '"id":"nobody"');
}
