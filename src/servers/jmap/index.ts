/**
 * JMAP: mail in the browser, and for everybody's programs. RFC 8620 and RFC 8621, and what is around them.
 *
 *   routes.ts   over HTTP      socket.ts   over a WebSocket      events.ts   pushes by EventSource
 *   api.ts      one request, call by call      methods.ts   which method is where      standard.ts   what methods share
 */
export { addJmap, type JmapOptions } from './routes.ts'
export { openSockets } from './socket.ts'
