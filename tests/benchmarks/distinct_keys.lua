-- Keyed POSTs, each with a key of its own.
local thread_number = 0
function setup(thread)
  thread:set("thread_number", thread_number)
  thread_number = thread_number + 1
end
local requests = 0
local start = os.time() % 0xffffffff
local headers = {["Content-Type"] = "application/json"}
function request()
  requests = requests + 1
  headers["Idempotency-Key"] = string.format("%08x-%04x-4000-8000-%012x", start, thread_number, requests)
  return wrk.format("POST", nil, headers, '{"amount": 100, "currency": "EUR"}')
end
