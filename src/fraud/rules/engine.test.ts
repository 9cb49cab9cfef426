import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compile } from './engine.ts';
import { outcomes } from './rule-set.ts';
import { after, decide, engineOf, listsOf, midnight, ruleSetOf, soundEvent } from './testing.ts';

const always = { le: [{ event: 'amount' }, 1e15] };
const never = { not: always };
const large = { gt: [{ feature: 'first' }, 10] };
const approving = { when: always, outcome: 'approve', reason: 'listed_allowed' };
const declining = { when: always, outcome: 'decline', decline_limit: 'none' };

test('where no rule says anything, the event is approved and nothing is allocated for it', () => {
  const engine = engineOf({ when: never }, { when: never, shadow: true });
  const decision = decide(engine);
  assert.equal(decision.outcome, 'approve');
  assert.deepEqual(decision.reasons, []);
  assert.equal(decide(engine), decision);
});

test('the strongest outcome counts: decline, then challenge, then review, then approve', () => {
  fc.assert(
    fc.property(fc.subarray(['review', 'challenge', 'decline']), (asked) => {
      const rules = asked.map((outcome) => ({ ...declining, outcome }));
      const engine = engineOf(
        ...rules.map(({ decline_limit: limit, ...rule }) =>
          rule.outcome === 'decline' ? { ...rule, decline_limit: limit } : rule,
        ),
      );
      const strongest = outcomes.findLast((one) => asked.includes(one)) ?? 'approve';
      assert.equal(decide(engine).outcome, strongest);
    }),
  );
});

test('an approving rule sets aside whatever others ask for, and it is reported', () => {
  const { outcome, reasons } = decide(engineOf(declining, approving));
  assert.equal(outcome, 'approve');
  assert.deepEqual(reasons, [
    { code: 'amount_large', rule: 'rule_0', shadow: false, outcome: 'decline', setAside: true },
    { code: 'listed_allowed', rule: 'rule_1', shadow: false, outcome: 'approve', setAside: false },
  ]);
});

test('an approving rule does not set aside what is absolute', () => {
  const engine = engineOf({ ...declining, absolute: true }, approving, { when: always });
  const { outcome, reasons } = decide(engine);
  assert.equal(outcome, 'decline');
  assert.deepEqual(
    reasons.map(({ setAside }) => setAside),
    [false, false, true],
  );
});

test('the order of the rules does not change the outcome', () => {
  const rules = [declining, approving, { when: always, absolute: true }, { when: large }];
  const orders = fc.shuffledSubarray(rules, { minLength: rules.length });
  fc.assert(
    fc.property(orders, (order) => {
      assert.equal(decide(engineOf(...order)).outcome, 'review');
    }),
  );
});

test('what is missing makes a review unless the rule says otherwise, and never an approval', () => {
  const of = (rule: object): string => {
    const { outcome, reasons } = decide(engineOf({ when: large, ...rule }), { row: [NaN, 0, 0] });
    return [outcome, ...reasons.map(({ code }) => code)].join(' ');
  };
  assert.equal(of({}), 'review feature_missing');
  assert.equal(of({ missing: 'challenge' }), 'challenge feature_missing');
  assert.equal(of({ missing: 'decline', decline_limit: 'none' }), 'decline feature_missing');
  assert.equal(of({ missing: 'ignore' }), 'approve');
  assert.equal(of({ outcome: 'approve' }), 'review feature_missing');
});

test('an approving rule whose value is missing sets nothing aside', () => {
  const engine = engineOf({ when: large, outcome: 'approve' }, declining);
  assert.equal(decide(engine, { row: [NaN, 0, 0] }).outcome, 'decline');
});

test('a score that is not known is missing, so that rules alone never approve by it', () => {
  const engine = engineOf({ when: { gt: [{ score: 'model' }, 0.9] } });
  assert.equal(decide(engine, { score: NaN }).outcome, 'review');
  assert.equal(decide(engine, { score: 0.1 }).outcome, 'approve');
});

test('rules in shadow never change the outcome, and are reported', () => {
  const shadowed = { ...declining, shadow: true };
  const { outcome, shadowOutcome, reasons } = decide(engineOf(shadowed, { when: always }));
  assert.equal(outcome, 'review');
  assert.equal(shadowOutcome, 'decline');
  assert.deepEqual(
    reasons.map(({ shadow }) => shadow),
    [true, false],
  );
  const allowed = decide(engineOf({ ...approving, shadow: true }, declining));
  assert.equal(allowed.outcome, 'decline');
  assert.equal(allowed.shadowOutcome, 'approve');
});

test('whatever rules are added in shadow, outcomes and counts of the others stay', () => {
  const rule = fc.record({
    when: fc.constantFrom(always, never, large),
    outcome: fc.constantFrom('approve', 'review', 'challenge'),
    absolute: fc.constant(false),
  });
  const stream = fc.array(fc.constantFrom(0, 20, NaN), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), stream, (shadows, rows) => {
      const limited = { ...declining, decline_limit: { max: 2, window_seconds: 60 } };
      const live = [limited, { when: large, outcome: 'challenge' }];
      const plain = engineOf(...live);
      const shaded = engineOf(...live, ...shadows.map((one) => ({ ...one, shadow: true })));
      for (const first of rows) {
        const given = { row: [first, 0, 0] };
        assert.equal(decide(shaded, given).outcome, decide(plain, given).outcome);
      }
      assert.equal(shaded.snapshot(), plain.snapshot());
    }),
  );
});

const limited = { ...declining, decline_limit: { max: 2, window_seconds: 60 } };

test('declines beyond the limit of their rule become reviews, and a reason says so', () => {
  const engine = engineOf(limited);
  const told = [0, 1, 2, 61].map((seconds) => decide(engine, { now: after(seconds) }));
  assert.deepEqual(
    told.map(({ outcome }) => outcome),
    ['decline', 'decline', 'review', 'decline'],
  );
  assert.deepEqual(
    told[2]?.reasons.map(({ code, outcome }) => [code, outcome]),
    [
      ['amount_large', 'decline'],
      ['declines_limited', 'review'],
    ],
  );
});

test('the limit of one rule does not limit another', () => {
  const engine = engineOf(limited, { ...declining, when: large });
  const first = [0, 1, 2].map(() => decide(engine, { row: [20, 0, 0] }).outcome);
  assert.deepEqual(first, ['decline', 'decline', 'decline']);
  assert.equal(decide(engine).outcome, 'review');
});

test('a decline that is set aside is not counted', () => {
  const engine = engineOf(limited, { ...approving, when: large });
  for (const first of [20, 20, 20]) decide(engine, { row: [first, 0, 0] });
  assert.equal(decide(engine).outcome, 'decline');
});

test('a new set takes over between two events, and the counts of its rules go on', () => {
  const engine = compile(ruleSetOf([limited], 1));
  assert.equal(decide(engine).version, 1);
  decide(engine);
  assert.ok(engine.swap(ruleSetOf([{ ...limited, reason: 'policy' }, { when: always }], 2)).ok);
  const { version, outcome, reasons } = decide(engine);
  assert.equal(version, 2);
  assert.equal(outcome, 'review');
  assert.deepEqual(
    reasons.map(({ code }) => code),
    ['policy', 'declines_limited', 'amount_large'],
  );
});

test('a set is whole for an event even if another takes over while it is evaluated', () => {
  const engine = compile(
    ruleSetOf([{ when: { listed: ['watch', 'customer'] } }, { when: always }]),
  );
  const next = ruleSetOf([{ when: never }, { when: never }], 2);
  const lists = listsOf();
  const swapping = {
    ...lists,
    size: 0,
    has: () => {
      engine.swap(next);
      return true;
    },
  };
  const during = decide(engine, { lists: swapping });
  assert.equal(during.version, 1);
  assert.equal(during.reasons.length, 2);
  const then = decide(engine);
  assert.equal(then.version, 2);
  assert.equal(then.outcome, 'approve');
});

test('a set over other features does not take over', () => {
  const engine = engineOf(limited);
  const other = { ...ruleSetOf([limited], 2), features: ['first', 'third', 'second'] };
  const swapped = engine.swap(other);
  assert.ok(!swapped.ok);
  assert.equal(swapped.refusal.code, 'rule_features_differ');
  assert.match(swapped.refusal.message, /feature 1 expected second, found third/);
  assert.equal(decide(engine).version, 1);
});

test('a row of another width is a bug, never an approval', () => {
  const engine = engineOf({ when: large });
  assert.throws(() => decide(engine, { row: [1, 2] }), /a value for each feature/);
});

test('snapshot and tail give the same decisions and bytes as the whole history', () => {
  const history = fc.array(fc.record({ gap: fc.nat(40), first: fc.constantFrom(0, 20) }));
  const rules = [
    limited,
    { ...limited, when: large, decline_limit: { max: 3, window_seconds: 90 } },
  ];
  fc.assert(
    fc.property(history, fc.nat(20), (steps, cut) => {
      let seconds = 0;
      const given = steps.map(({ gap, first }) => {
        seconds += gap;
        return { now: after(seconds), row: [first, 0, 0] };
      });
      const whole = engineOf(...rules);
      const expected = given.map((one) => decide(whole, one));
      const head = engineOf(...rules);
      for (const one of given.slice(0, cut)) decide(head, one);
      const tail = engineOf(...rules);
      assert.ok(tail.restore(head.snapshot()).ok);
      const late = given.slice(cut).map((one) => decide(tail, one));
      assert.deepEqual(late, expected.slice(cut));
      assert.equal(tail.snapshot(), whole.snapshot());
    }),
  );
});

test('a damaged snapshot is refused, and the state stays as it is', () => {
  const engine = engineOf(limited);
  decide(engine);
  const before = engine.snapshot();
  const state = { rule: 'rule_0', times: [midnight, 'x'] };
  for (const text of ['', '{}', '[]', JSON.stringify({ format: 1, declines: [state] })]) {
    const restored = engine.restore(text);
    assert.equal(restored.ok ? '' : restored.refusal.code, 'rule_state_malformed');
  }
  assert.equal(engine.snapshot(), before);
});

test('a list entry counts by the time of screening, not by that of the event', () => {
  const engine = engineOf({ when: { listed: ['block', 'terminal'] } });
  const entry = { purpose: 'block', kind: 'terminal', value: 't1', from: after(10) } as const;
  const lists = listsOf(entry);
  assert.equal(decide(engine, { lists, now: after(9) }).outcome, 'approve');
  assert.equal(decide(engine, { lists, now: after(10) }).outcome, 'review');
  assert.equal(soundEvent.at, midnight);
});
