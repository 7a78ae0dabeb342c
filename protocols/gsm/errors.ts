/**
 * What an error asks for:
 * `soon` try again in seconds · `later` the network is gone for minutes, use another channel now · `recipient` this number or message is bad, never retry ·
 * `person` SIM or modem need somebody to look · `protocol` one retry, then as `person`.
 */
export type ErrorGroup = 'soon' | 'later' | 'recipient' | 'person' | 'protocol'

interface ErrorText {
  readonly group: ErrorGroup
  readonly en: string
  readonly zh: string
}

const row = (group: ErrorGroup, en: string, zh: string): ErrorText => ({ group, en, zh })

/** +CMS ERROR (TS 27.005 §3.2.5): up to 127 the RP-causes of TS 24.011, from 128 TP-FCS of TS 23.040, from 300 the modem's own. */
const CMS: Readonly<Record<number, ErrorText>> = {
  1: row('recipient', 'unassigned number', '空号'),
  8: row('person', 'barred by the operator (arrears?)', '运营商禁止(可能欠费)'),
  10: row('person', 'outgoing messages barred', '禁止外发'),
  17: row('soon', 'network failure', '网络故障'),
  21: row('recipient', 'rejected by the receiver', '对方拒收'),
  22: row('soon', 'memory or network congested', '网络拥塞'),
  27: row('later', 'destination out of service', '对方停机'),
  28: row('person', 'this SIM is not known to the network', '本卡未登记'),
  29: row('recipient', 'facility rejected', '业务被拒'),
  30: row('recipient', 'number unknown to the network', '号码不存在'),
  38: row('later', 'network out of order', '网络中断'),
  41: row('soon', 'temporary failure', '暂时故障'),
  42: row('soon', 'congestion', '拥塞'),
  47: row('soon', 'resources unavailable', '资源不足'),
  50: row('person', 'SMS not subscribed', '未开通短信'),
  69: row('person', 'facility not implemented', '业务未实现'),
  192: row('soon', 'service centre busy', '短信中心忙'),
  193: row('person', 'no service centre subscription', '未签约短信中心'),
  194: row('soon', 'service centre failure', '短信中心故障'),
  195: row('recipient', 'address invalid', '号码无效'),
  196: row('recipient', 'destination barred', '号码被禁'),
  197: row('recipient', 'rejected as duplicate', '重复短信被拒'),
  198: row('recipient', 'validity format not supported', '有效期格式不支持'),
  199: row('recipient', 'validity not supported', '有效期不支持'),
  208: row('person', 'SIM memory full', 'SIM卡存储满'),
  300: row('person', 'modem failure', '猫故障'),
  301: row('person', 'SMS service of the modem reserved', '短信服务被占用'),
  302: row('person', 'operation not allowed', '不允许该操作'),
  303: row('person', 'operation not supported', '不支持该操作'),
  304: row('recipient', 'invalid PDU', 'PDU 无效'),
  305: row('recipient', 'invalid text parameter', '文本参数无效'),
  310: row('person', 'no SIM', '未插卡'),
  311: row('person', 'SIM asks for its PIN', '需要 PIN'),
  312: row('person', 'phone asks for its PIN', '需要手机密码'),
  313: row('person', 'SIM failure', 'SIM卡故障'),
  314: row('soon', 'SIM busy', 'SIM卡忙'),
  315: row('person', 'wrong SIM', 'SIM卡不符'),
  316: row('person', 'SIM asks for its PUK', '需要 PUK'),
  317: row('person', 'SIM asks for PIN2', '需要 PIN2'),
  318: row('person', 'SIM asks for PUK2', '需要 PUK2'),
  320: row('person', 'message memory failure', '短信存储故障'),
  321: row('person', 'invalid memory index', '存储序号无效'),
  322: row('person', 'message memory full', '短信存储满'),
  330: row('person', 'service centre number unknown: set smsc', '短信中心号码未知'),
  331: row('later', 'no network service', '无网络服务'),
  332: row('soon', 'network timeout', '网络超时'),
  340: row('person', 'no acknowledgement expected', '不需要确认'),
  500: row('soon', 'unknown error', '未知错误'),
  513: row('soon', 'unable to store', '无法存储'),
  521: row('soon', 'timer expired', '定时器超时'),
  532: row('soon', 'SIM not ready', 'SIM卡未就绪'),
  615: row('later', 'network failure (vendor)', '网络故障'),
  616: row('later', 'network failure (vendor)', '网络故障'),
}

/** +CME ERROR (TS 27.007 §9.2), what a modem for messages can say. */
const CME: Readonly<Record<number, ErrorText>> = {
  3: row('person', 'operation not allowed', '不允许该操作'),
  4: row('person', 'operation not supported', '不支持该操作'),
  5: row('person', 'phone asks for its PIN', '需要手机密码'),
  10: row('person', 'no SIM', '未插卡'),
  11: row('person', 'SIM asks for its PIN', '需要 PIN'),
  12: row('person', 'SIM asks for its PUK', '需要 PUK'),
  13: row('person', 'SIM failure', 'SIM卡故障'),
  14: row('soon', 'SIM busy', 'SIM卡忙'),
  15: row('person', 'wrong SIM', 'SIM卡不符'),
  16: row('person', 'wrong PIN', 'PIN 错误'),
  20: row('person', 'memory full', '存储满'),
  30: row('later', 'no network service', '无网络服务'),
  31: row('soon', 'network timeout', '网络超时'),
  32: row('later', 'emergency calls only', '仅限紧急呼叫'),
  100: row('soon', 'unknown error', '未知错误'),
}

/** Never null: unlisted codes from 512 on are the vendor's (tried again), all others a matter of protocol. */
export function errorText(kind: 'cms' | 'cme', code: number): ErrorText {
  const known = (kind === 'cms' ? CMS : CME)[code]
  if (known) return known
  if (kind === 'cms' && code >= 512) return row('soon', 'vendor specific error', '厂商自定义错误')
  return row('protocol', 'protocol error', '协议错误')
}

export type GsmErrorKind = 'cms' | 'cme' | 'error' | 'timeout' | 'closed' | 'sim' | 'open'

/** Why a command or a message failed. `uncertain`: the PDU had been handed over, so the message may have gone out. */
export class GsmError extends Error {
  readonly kind: GsmErrorKind
  readonly code: number | null
  readonly group: ErrorGroup
  readonly uncertain: boolean

  constructor(
    kind: GsmErrorKind,
    message: string,
    options: { code?: number; group?: ErrorGroup; uncertain?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GsmError'
    this.kind = kind
    this.code = options.code ?? null
    this.group = options.group ?? 'soon'
    this.uncertain = options.uncertain ?? false
  }

  /** The same failure, known to have come after the PDU was handed over. */
  afterHandOver(): GsmError {
    return new GsmError(this.kind, this.message, {
      ...(this.code === null ? {} : { code: this.code }),
      group: this.group,
      uncertain: true,
      cause: this.cause,
    })
  }
}

/** Turns a final result line (`ERROR`, `+CMS ERROR: 38`, `+CME ERROR: 10`) into an error; null for any other line. */
export function parseErrorLine(line: string, command: string): GsmError | null {
  if (line === 'ERROR' || line === 'COMMAND NOT SUPPORT') return new GsmError('error', `${command}: ERROR`, { group: 'protocol' })
  const match = /^\+(CMS|CME) ERROR:\s*(.*)$/.exec(line)
  if (!match) return null
  const kind = match[1] === 'CMS' ? 'cms' : 'cme'
  const code = Number(match[2])
  if (!Number.isInteger(code)) return new GsmError(kind, `${command}: ${line}`, { group: 'protocol' })
  const text = errorText(kind, code)
  return new GsmError(kind, `${command}: +${match[1]} ERROR ${code}: ${text.en} / ${text.zh}`, { code, group: text.group })
}
