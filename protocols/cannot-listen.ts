import { ProbeError, reasonOf } from '../core/model/reason.ts'

/** Why a receiver could not take its port, with what to do. `where` is such as `UDP 0.0.0.0:162`. */
export function cannotListen(where: string, error: NodeJS.ErrnoException): ProbeError {
  const reason = error.code === 'EADDRINUSE' ? 'busy' : reasonOf(error)
  const hint =
    reason === 'busy'
      ? 'another program listens there'
      : reason === 'permission'
        ? 'ports below 1024 need CAP_NET_BIND_SERVICE'
        : error.message
  return new ProbeError(reason, `can't listen on ${where}: ${hint}`, { cause: error })
}
