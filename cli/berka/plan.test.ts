import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDate, type Instant } from '#kernel';
import { planHistory, type Plan } from './plan.ts';
import type { Transaction } from './tables.ts';

const day = (text: string): Instant => parseDate(text) as Instant;

/** Signed amount and printed balance in haler. */
function row(
  trans_id: number,
  date: string,
  [signed, balance]: readonly [signed: bigint, balance: bigint],
  account_id = 1,
): Transaction {
  const isCredit = signed > 0n;
  return {
    line: trans_id,
    trans_id,
    account_id,
    date: day(date),
    type: isCredit ? 'PRIJEM' : 'VYDAJ',
    operation: isCredit ? 'VKLAD' : 'VYBER',
    amount: isCredit ? signed : -signed,
    balance,
    k_symbol: '',
    bank: '',
    account: '',
  };
}

const ids = ({ rows }: Plan): number[] => rows.map(({ transaction }) => transaction.trans_id);

test('a day is put in order: credits by rising balance, then debits by falling balance', () => {
  const plan = planHistory([
    row(1, '1993-01-05', [-300n, 500n]),
    row(2, '1993-01-05', [800n, 1_000n]),
    row(3, '1993-01-05', [-200n, 800n]),
    row(4, '1993-01-05', [200n, 200n]),
  ]);
  assert.deepEqual(ids(plan), [4, 2, 3, 1]);
  assert.deepEqual(
    plan.rows.map(({ balance, rounding, unexplained }) => [balance, rounding, unexplained]),
    [
      [200n, 0n, 0n],
      [1_000n, 0n, 0n],
      [800n, 0n, 0n],
      [500n, 0n, 0n],
    ],
  );
});

test('rows are planned by date, then account, whatever their order in the file', () => {
  const plan = planHistory([
    row(1, '1993-02-01', [100n, 300n], 7),
    row(2, '1993-01-01', [200n, 200n], 7),
    row(3, '1993-01-01', [100n, 100n], 5),
  ]);
  assert.deepEqual(ids(plan), [3, 2, 1]);
});

test('a row off by exactly 0.10 gets a rounding entry that meets the printed balance', () => {
  const plan = planHistory([
    row(1, '1993-01-01', [1_000n, 1_010n]),
    row(2, '1993-01-02', [-500n, 500n]),
    row(3, '1993-01-03', [100n, 600n]),
  ]);
  assert.deepEqual(
    plan.rows.map(({ rounding, balance }) => [rounding, balance]),
    [
      [10n, 1_010n],
      [-10n, 500n],
      [0n, 600n],
    ],
  );
});

test('any other difference stays in the books and is left for the report', () => {
  const plan = planHistory([
    row(1, '1993-01-01', [1_000n, 1_000n]),
    row(2, '1993-01-02', [100n, 1_120n]),
    row(3, '1993-01-03', [100n, 1_220n]),
    row(4, '1993-01-04', [100n, 1_320n]),
  ]);
  assert.deepEqual(
    plan.rows.map(({ unexplained, balance }) => [unexplained, balance]),
    [
      [0n, 1_000n],
      [20n, 1_100n],
      [0n, 1_200n],
      [0n, 1_300n],
    ],
  );
});

test('on the last day an account is cut off at its first break, and others are not', () => {
  const plan = planHistory([
    row(1, '1993-01-01', [1_000n, 1_000n]),
    row(2, '1993-01-02', [100n, 1_100n]),
    row(3, '1993-01-02', [100n, 1_500n]),
    row(4, '1993-01-02', [-100n, 1_400n]),
    row(5, '1993-01-02', [100n, 100n], 2),
  ]);
  assert.deepEqual(ids(plan), [1, 2, 5]);
  assert.deepEqual(
    plan.setAside.map(({ trans_id }) => trans_id),
    [3, 4],
  );
});

test('an account gets the credit limit of its deepest moment, also before a rounding', () => {
  const plan = planHistory([
    row(1, '1993-01-01', [500n, 500n]),
    row(2, '1993-01-02', [-700n, -200n]),
    row(3, '1993-01-03', [-100n, -290n]),
    row(4, '1993-01-04', [1_000n, 710n]),
    row(5, '1993-01-04', [10n, 10n], 2),
  ]);
  assert.deepEqual([...plan.creditLimits], [[1, 300n]]);
});

test('an empty history is a plan of nothing', () => {
  const plan = planHistory([]);
  assert.deepEqual([plan.rows, plan.setAside, plan.firstDay], [[], [], undefined]);
});
