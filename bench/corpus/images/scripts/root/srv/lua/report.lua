-- Counts words of the licences that Debian brings, and writes a table.
local counts = {}
for _, path in ipairs({ "/usr/share/common-licenses/GPL-2", "/usr/share/common-licenses/Apache-2.0" }) do
  local file = io.open(path)
  if file then
    for word in file:read("a"):gmatch("%a+") do counts[word:lower()] = (counts[word:lower()] or 0) + 1 end
    file:close()
  end
end
local words = {}
for word in pairs(counts) do words[#words + 1] = word end
table.sort(words, function(a, b) return counts[a] > counts[b] or counts[a] == counts[b] and a < b end)
local out = assert(io.open("/tmp/words.txt", "w"))
for i = 1, math.min(20, #words) do out:write(words[i], "\t", counts[words[i]], "\n") end
out:close()
os.execute("cat /tmp/words.txt")
