// Owns the decision whether the server has time for one more request. Two things are watched: how
// long the event loop is busy with requests that came together (the last of them have waited as
// long), and how long requests take (too many wait for what is behind). Pure: told of every
// beginning and end, and of the time.

export interface LoadLimits {
  /** When more than half of the requests take longer than this, fewer may run at once. */
  readonly shedLatencyMaxMs: number;
  /** How long one turn of the event loop may go on before the rest of it is refused. */
  readonly shedTurnMaxMs: number;
  /** Between these two lies the number of requests that may run at once. */
  readonly shedInFlightMin: number;
  readonly shedInFlightMax: number;
}

/** Why a request is not let in. */
export type ShedReason = 'in_flight' | 'late';

/** So few say nothing about the others. */
const FINISHED_MIN = 8;
const SHRINK = 0.85;
const GROW = 1.1;

export class Load {
  readonly #limits: LoadLimits;
  #inFlight = 0;
  #inFlightMax: number;
  #turnStartedMs: number | undefined;
  #finished = 0;
  #slow = 0;
  #inFlightPeak = 0;

  constructor(limits: LoadLimits) {
    this.#limits = limits;
    this.#inFlightMax = limits.shedInFlightMax;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many may run at once now. */
  get inFlightMax(): number {
    return this.#inFlightMax;
  }

  /** Whether the current turn of the event loop has seen a request. */
  get isInTurn(): boolean {
    return this.#turnStartedMs !== undefined;
  }

  /** Begins a request, or says why not. */
  enter(nowMs: number): ShedReason | undefined {
    this.#turnStartedMs ??= nowMs;
    // What comes at the end of a long turn was in the socket when the turn began.
    if (nowMs - this.#turnStartedMs > this.#limits.shedTurnMaxMs) return 'late';
    if (this.#inFlight >= this.#inFlightMax) return 'in_flight';
    this.#inFlight += 1;
    if (this.#inFlight > this.#inFlightPeak) this.#inFlightPeak = this.#inFlight;
    return undefined;
  }

  /** The event loop has taken all that was there, and looks for what has come since. */
  endTurn(): void {
    this.#turnStartedMs = undefined;
  }

  /** Ends a request that was let in. */
  leave(durationMs: number): void {
    this.#inFlight -= 1;
    this.#finished += 1;
    if (durationMs > this.#limits.shedLatencyMaxMs) this.#slow += 1;
  }

  /** Judges what ended since it was last called, every tenth of a second or so. */
  judge(): void {
    const { shedInFlightMin: min, shedInFlightMax: max } = this.#limits;
    const isSlow = this.#finished >= FINISHED_MIN && this.#slow * 2 > this.#finished;
    const isStuck = this.#finished === 0 && this.#inFlight >= min;
    if (isSlow || isStuck) {
      // From what really ran: a limit that nobody reaches does not slow anybody down.
      const from = Math.min(this.#inFlightMax, this.#inFlightPeak);
      this.#inFlightMax = Math.max(min, Math.floor(from * SHRINK));
    } else if (this.#inFlightPeak * 4 < this.#inFlightMax) {
      // Far from any limit: a burst is as welcome as at the start.
      this.#inFlightMax = max;
    } else if (this.#inFlightPeak * 2 > this.#inFlightMax) {
      this.#inFlightMax = Math.min(max, Math.ceil(this.#inFlightMax * GROW));
    }
    this.#finished = 0;
    this.#slow = 0;
    this.#inFlightPeak = this.#inFlight;
  }
}
