import { encode, encodeVarbind, integerBytes, join, TAG } from '../../../protocols/snmp/ber.ts'

/** A trap of version 2c, community `room`, with one number in it. */
export function trapV2(oid: string, number: number): Buffer {
  const varbinds = [
    encodeVarbind({ oid: '1.3.6.1.2.1.1.3.0', type: 'timeticks', value: number }),
    encodeVarbind({ oid: '1.3.6.1.6.3.1.1.4.1.0', type: 'oid', value: oid }),
    encodeVarbind({ oid: '1.3.6.1.4.1.99999.1.0', type: 'integer', value: number }),
  ]
  const integer = (value: number): Uint8Array => encode(TAG.integer, integerBytes(value))
  const pdu = encode(0xa7, join([integer(number), integer(0), integer(0), encode(TAG.sequence, join(varbinds))]))
  return Buffer.from(encode(TAG.sequence, join([integer(1), encode(TAG.octets, Buffer.from('room')), pdu])))
}

/** What snmptrap and snmpinform of Net-SNMP 5.9.3 put on the wire. User `two`: SHA-256 auth-secret-2, AES priv-secret-2. */
export const RECORDED = {
  v1: Buffer.from(
    '303c0201000404726f6f6da43106082b0601040109010140040a0908070201020201004302126730153013060a2b06010201020201020704054769302f37',
    'hex',
  ),
  v2c: Buffer.from(
    '30690201010404726f6f6da75e020424156ede0201000201003050300e06082b06010201010300430212673017060a2b06010603010104010006092b06010603010105' +
      '01301206092b06010401868d1f01410500b2d05e00301106092b06010401868d1f0240040a000001',
    'hex',
  ),
  v3: Buffer.from(
    '3081a70201033011020405b6ab1e020300ffe3040103020103043d303b0408800000000102030402010102030975f6040374776f04184de6b69d6c9768dc7bb7617161' +
      'b60e7405bdce86c5e866ed040858477fe045f29e3b0450114a6d5db7ee1fdb70b182923957c81e8435866d41ff4e31803a858abe4d0a6d149adbca5e110e4757fcf4fa' +
      'd2ffdf8c9c34185c1ef1876fba744dadce213e99e389d516323fcaa4c35e5890402b45c9',
    'hex',
  ),
  discovery: Buffer.from(
    '304f020103301102043576ff83020300ffe30401040201030410300e04000201000201000400040004003025041180001f88805808d658d172036b000000000400a00e' +
      '02047af4d9c90201000201003000',
    'hex',
  ),
} as const
