// Credentials, which neither a line of the internal logger nor an error may show.

// From a key that may hold a credential everything goes: where the value ends, in headers, JSON, JSON within JSON and
// query strings alike, is not worth a guess.
const CREDENTIAL =
  /((?:authorization|cookie|api[-_]?key|token|secret|passw(?:or)?d|credential|signature|honeycomb-team|otlp(?:_\w+)?_headers)[\w-]*["'\\]*\s*[:=,]|\b(?:bearer|basic)\s).*/is
/** scheme://user:password@host, where the password may hold an @ too. */
const USER_INFO = /:\/\/[^/\s]*@/g

export function withoutCredentials(text: string): string {
  return text.replace(USER_INFO, '://[removed]@').replace(CREDENTIAL, '$1[removed]')
}
