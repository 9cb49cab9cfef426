// Owns W3C Trace Context: where a request stands in the trace of its caller, and how what we ask of
// others in answer to it says so. A header that is not valid in every respect begins a new trace;
// the caller's state is passed on and never looked into.
import { randomHex } from '#kernel';

export interface Trace {
  /** 32 hexadecimal digits, the same along the whole way. */
  readonly traceId: string;
  /** 16 hexadecimal digits: this request. */
  readonly spanId: string;
  /** The caller's; undefined where the trace begins here. */
  readonly parentId: string | undefined;
  readonly isSampled: boolean;
  /** The tracestate header, to be passed on as it came. */
  readonly state: string | undefined;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
/** §3.3.1.5: at least as much is to be passed on. */
const STATE_LENGTH_MAX = 512;
const STATE = /^[\x20-\x7e]*$/;

export function traceOf(headers: Headers): Trace {
  const spanId = newSpanId();
  const parent = parentOf(headers['traceparent']);
  if (parent === undefined) {
    const traceId = randomHex(16);
    return { traceId, spanId, parentId: undefined, isSampled: false, state: undefined };
  }
  return { ...parent, spanId, state: stateOf(headers['tracestate']) };
}

/** The headers of what is asked of another system: a span of its own in the same trace. */
export function traceHeaders({ traceId, isSampled, state }: Trace): Record<string, string> {
  const traceparent = `00-${traceId}-${newSpanId()}-${isSampled ? '01' : '00'}`;
  return state === undefined ? { traceparent } : { traceparent, tracestate: state };
}

// 64 bits of a random run, and from then on a counter: unique within the process for ever, without
// asking for randomness on each request.
let nextSpan = BigInt(`0x${randomHex(8)}`);

function newSpanId(): string {
  nextSpan = BigInt.asUintN(64, nextSpan + 1n) || 1n;
  return nextSpan.toString(16).padStart(16, '0');
}

function parentOf(
  given: string | readonly string[] | undefined,
): Pick<Trace, 'traceId' | 'parentId' | 'isSampled'> | undefined {
  if (typeof given !== 'string') return undefined;
  const [, version, traceId = '', parentId = '', flags = '', more] = PARENT.exec(given) ?? [];
  // §3.2.2: version ff and ids of zeros are invalid; a later version may say more.
  if (version === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function stateOf(given: string | readonly string[] | undefined): string | undefined {
  const text = typeof given === 'string' ? given : given?.join(',');
  if (text === undefined || text === '') return undefined;
  return text.length <= STATE_LENGTH_MAX && STATE.test(text) ? text : undefined;
}
