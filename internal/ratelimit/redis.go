package ratelimit

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// A key's value is "<forgiven> <strikes>": the time at which everything is forgiven, in microseconds
// of Redis's clock, and how many attempts have exhausted the burst since nothing was left to forgive.
// Microseconds of this century are below 2^53, so Lua's numbers hold them exactly.
const shared = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function load(key)
  local text = redis.call('GET', key)
  if text then
    local forgiven, strikes = string.match(text, '^(%d+) (%d+)$')
    if forgiven and tonumber(forgiven) > now then return tonumber(forgiven), tonumber(strikes) end
  end
  return now, 0
end
local function store(key, forgiven, strikes)
  if forgiven <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, string.format('%.0f %d', forgiven, strikes), 'PX', math.ceil((forgiven - now) / 1000))
  end
end
`

// take has five arguments for each key: what is tolerated, Every and Longest in microseconds, units,
// and how far ahead the process knows the key to be. It returns which key refuses (0: none), for how long, and of each key its time ahead of now,
// its strikes, and what the attempt cost and struck.
var take = redis.NewScript(shared + `
local by, wait, result = 0, 0, {0, 0}
local forgiven, strikes = {}, {}
for i, key in ipairs(KEYS) do
  local tolerated, every, units = tonumber(ARGV[5*i-4]), tonumber(ARGV[5*i-3]), tonumber(ARGV[5*i-1])
  forgiven[i], strikes[i] = load(key)
  forgiven[i] = math.max(forgiven[i], now + tonumber(ARGV[5*i]))
  local late = forgiven[i] - now + (units - 1) * every - tolerated
  if late > wait then by, wait = i, late end
end
for i, key in ipairs(KEYS) do
  local tolerated, every = tonumber(ARGV[5*i-4]), tonumber(ARGV[5*i-3])
  local longest, units = tonumber(ARGV[5*i-2]), tonumber(ARGV[5*i-1])
  local cost, struck = 0, 0
  if by == 0 then
    cost = units * every
    if longest > every and forgiven[i] - now + cost > tolerated then
      cost, struck = math.min(longest, cost * 2 ^ math.min(strikes[i], 30)), 1
    end
    forgiven[i], strikes[i] = forgiven[i] + cost, strikes[i] + struck
    store(key, forgiven[i], strikes[i])
  end
  for _, n in ipairs({forgiven[i] - now, strikes[i], cost, struck}) do result[#result + 1] = n end
end
result[1], result[2] = by, wait
return result
`)

// giveBack has two arguments for each key: what an attempt cost and struck.
var giveBack = redis.NewScript(shared + `
for i, key in ipairs(KEYS) do
  local forgiven, strikes = load(key)
  store(key, forgiven - tonumber(ARGV[2*i-1]), math.max(0, strikes - tonumber(ARGV[2*i])))
end
return 0
`)

// result is what became of one counter.
type result struct {
	ahead   int64 // how far its time is ahead of now, microseconds
	strikes int
	cost    int64
	struck  int
}

// refusal is which of the counters refuses, and for how many microseconds; 0: none.
type refusal struct {
	by   int
	wait int64
}

// shared asks Redis; not ok where that does not answer.
func (l *Limiter) shared(ctx context.Context, now int64, all []asked) (results []result, r refusal, ok bool) {
	if l.redis == nil {
		return nil, refusal{}, false
	}
	known := l.local.countedAlone(now, all)
	keys, args := make([]string, len(all)), make([]any, 0, 5*len(all))
	for i, a := range all {
		limit := a.rule.Limit
		keys[i] = a.key
		args = append(args, limit.tolerated(), limit.Every.Microseconds(), limit.Longest.Microseconds(), a.units, known[i])
	}
	numbers, err := take.Run(context.WithoutCancel(ctx), l.redis, keys, args...).Int64Slice()
	if err == nil && len(numbers) != 2+4*len(all) {
		err = fmt.Errorf("the script gave %d numbers for %d keys", len(numbers), len(all))
	}
	if err != nil {
		l.check(ctx, err)
		return nil, refusal{}, false
	}
	for n := numbers[2:]; len(n) > 0; n = n[4:] {
		results = append(results, result{n[0], int(n[1]), n[2], int(n[3])})
	}
	return results, refusal{int(numbers[0]) - 1, numbers[1]}, true
}
