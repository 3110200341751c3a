// What becomes of a record's time: the tests run on this table, and docs/mapping.md shows it.

export interface TimeCase {
  readonly time: unknown
  /** Nanoseconds since the Unix epoch; undefined where it is no time: the record has then the time of the call. */
  readonly becomes: bigint | undefined
}

export const times: Readonly<Record<string, readonly TimeCase[]>> = {
  'Epoch numbers, told apart by their size': [
    { time: 1763737200, becomes: 1763737200_000_000_000n },
    { time: 1763737200.125, becomes: 1763737200_125_000_000n },
    { time: 1763737200123, becomes: 1763737200_123_000_000n },
    { time: 1763737200123.5, becomes: 1763737200_123_500_000n },
    { time: 1763737200123456, becomes: 1763737200_123_456_000n },
    { time: 1763737200123456789n, becomes: 1763737200_123_456_789n },
  ],
  'The same as text': [
    { time: '1763737200', becomes: 1763737200_000_000_000n },
    { time: '1763737200.123456789', becomes: 1763737200_123_456_789n },
    { time: '1763737200123', becomes: 1763737200_123_000_000n },
    { time: '1763737200123456', becomes: 1763737200_123_456_000n },
    { time: '1763737200123456789', becomes: 1763737200_123_456_789n },
  ],
  'ISO 8601 and RFC 3339': [
    { time: '2025-11-21T15:00:00Z', becomes: 1763737200_000_000_000n },
    { time: '2025-11-21T15:00:00.123Z', becomes: 1763737200_123_000_000n },
    { time: '2025-11-21T15:00:00.123456789Z', becomes: 1763737200_123_456_789n },
    { time: '2025-11-21T15:00:00,123Z', becomes: 1763737200_123_000_000n },
    { time: '2025-11-21T16:00:00.123+01:00', becomes: 1763737200_123_000_000n },
    { time: '2025-11-21T16:00:00.123+0100', becomes: 1763737200_123_000_000n },
    { time: '2025-11-21T16:00+01', becomes: 1763737200_000_000_000n },
    { time: '2025-11-21 16:00:00.123 +01:00', becomes: 1763737200_123_000_000n },
  ],
  'What a Date says of itself': [
    { time: new Date(1763737200123), becomes: 1763737200_123_000_000n },
    { time: 'Fri, 21 Nov 2025 15:00:00 GMT', becomes: 1763737200_000_000_000n },
    {
      time: 'Fri Nov 21 2025 16:00:00 GMT+0100 (Central European Standard Time)',
      becomes: 1763737200_000_000_000n,
    },
  ],
  'OpenTelemetry’s HrTime': [{ time: [1763737200, 123456789], becomes: 1763737200_123_456_789n }],
  'None of them a time': [
    { time: '2025-11-21 15:00:00', becomes: undefined },
    { time: '15:00:00', becomes: undefined },
    { time: 'yesterday', becomes: undefined },
    { time: 12.5, becomes: undefined },
    { time: -1763737200123, becomes: undefined },
    { time: Number.NaN, becomes: undefined },
    { time: new Date(Number.NaN), becomes: undefined },
    { time: [1763737200, -1], becomes: undefined },
    { time: null, becomes: undefined },
  ],
}
