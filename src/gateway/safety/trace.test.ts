import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceHeaders, traceOf } from './trace.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${parentId}-01`;

test("a request is a new span in its caller's trace, and passes the caller's state on", () => {
  const trace = traceOf({ traceparent, tracestate: 'vendor=opaque' });
  assert.equal(trace.traceId, traceId);
  assert.equal(trace.parentId, parentId);
  assert.notEqual(trace.spanId, parentId);
  assert.equal(trace.isSampled, true);
  const sent = traceHeaders(trace);
  assert.match(sent['traceparent'] ?? '', new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  assert.ok(!sent['traceparent']?.includes(trace.spanId), 'a span of its own');
  assert.equal(sent['tracestate'], 'vendor=opaque');
});

test('without a valid traceparent a new trace begins, and no state is taken over', () => {
  const invalid = [
    undefined,
    '',
    `ff-${traceId}-${parentId}-01`,
    `00-${traceId}-${parentId}-01-more`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    [traceparent, traceparent],
  ];
  for (const each of invalid) {
    const trace = traceOf({ traceparent: each, tracestate: 'vendor=opaque' });
    assert.match(trace.traceId, /^[0-9a-f]{32}$/);
    assert.notEqual(trace.traceId, traceId);
    assert.equal(trace.parentId, undefined);
    assert.equal(trace.state, undefined);
  }
});

test('a later version may say more, and not to sample is passed on', () => {
  assert.equal(traceOf({ traceparent: `cc-${traceId}-${parentId}-01-x` }).traceId, traceId);
  const trace = traceOf({ traceparent: `00-${traceId}-${parentId}-00` });
  assert.match(traceHeaders(trace)['traceparent'] ?? '', /-00$/);
});

test('a state that is too long or not of printable characters is dropped', () => {
  for (const tracestate of ['x'.repeat(513), 'a\u007f', 'č=1']) {
    assert.equal(traceOf({ traceparent, tracestate }).state, undefined);
  }
  assert.equal(traceOf({ traceparent, tracestate: ['a=1', 'b=2'] }).state, 'a=1,b=2');
});

test('no two spans have one id', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => traceOf({}).spanId));
  assert.equal(ids.size, 10_000);
});
