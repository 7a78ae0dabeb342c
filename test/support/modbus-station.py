"""A Modbus device out of pymodbus: `tcp PORT` or `rtu DEVICE`. Unit 7; prints `ready`."""

import struct
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.framer.rtu_framer import ModbusRtuFramer
from pymodbus.server import StartSerialServer, StartTcpServer

high, low = struct.unpack(">HH", struct.pack(">f", 21.6))
holding = [0] * 100
holding[10:14] = [high, low, low, high]
holding[20:22] = [65436, 0b1000]
holding[30:32] = [1, 2]
slave = ModbusSlaveContext(
    di=ModbusSequentialDataBlock(0, [0, 1, 0, 1] * 20),
    co=ModbusSequentialDataBlock(0, [0] * 80),
    hr=ModbusSequentialDataBlock(0, holding),
    ir=ModbusSequentialDataBlock(0, list(range(100))),
    zero_mode=True,
)
context = ModbusServerContext(slaves={7: slave}, single=False)
mode, where = sys.argv[1:3]
print("ready", flush=True)
if mode == "tcp":
    StartTcpServer(context=context, address=("127.0.0.1", int(where)), allow_reuse_address=True)
else:
    StartSerialServer(context=context, framer=ModbusRtuFramer, port=where, baudrate=9600, timeout=1)
