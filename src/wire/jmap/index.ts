export { type Form, type HeaderProperty, parseHeaderProperty } from './header-form.ts'
export { parseJson } from './json.ts'
export { applyPatch } from './patch.ts'
export { evaluate, pointerTokens } from './pointer.ts'
export { type Budget, resolveReferences, spend } from './references.ts'
export { parseRequest, requestOf } from './request.ts'
export {
	type Invocation,
	invalidProperties,
	MethodRefused,
	RecordRefused,
	type Request,
	RequestRefused,
	type SetError,
} from './types.ts'
export { formatDateTime, formatUtcDate, isId, isObject, parseDateTime, parseUtcDate } from './values.ts'
