// What went wrong with a request, for people: the server's words where it has any,
// and the session's own; axios 0.21 has no more than 'Network Error' for the rest.
export function problemOf(error) {
  const { response, code, message } = error
  if (response !== undefined) return response.data?.message ?? response.data?.detail ?? message
  return code?.startsWith('STAY_') ? message : 'The server cannot be reached.'
}
