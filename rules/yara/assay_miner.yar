// Programs that mine cryptocurrency, and what configures them.

rule mining_pool_client
{
  meta:
    description = "A program that speaks to mining pools: pool addresses, logins and the names of mining algorithms together"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1496.001"
  strings:
    $scheme1 = "stratum+tcp://" nocase
    $scheme2 = "stratum+ssl://" nocase
    $scheme3 = "stratum2+tcp://" nocase
    $algorithm1 = "randomx" nocase
    $algorithm2 = "cryptonight" nocase
    $algorithm3 = "kawpow" nocase
    $algorithm4 = "ethash" nocase
    $algorithm5 = "yespower" nocase
    $word1 = "donate-level" nocase
    $word2 = "mining.subscribe"
    $word3 = "mining.authorize"
    $word4 = "hashrate" nocase
    $word5 = "nicehash" nocase
    $word6 = "worker-id" nocase
  condition:
    uint32(0) == 0x464c457f and any of ($scheme*) and any of ($algorithm*) and 2 of ($word*)
}

rule xmrig_program
{
  meta:
    description = "XMRig, the most used miner of Monero, as a program, under whatever name"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1496.001"
  strings:
    $space = "xmrig::"
    $option1 = "--randomx-mode=MODE"
    $option2 = "--donate-over-proxy"
    $option3 = "--randomx-1gb-pages"
    $option4 = "--huge-pages-jit"
    $text1 = "RandomX dataset"
    $text2 = "'h' hashrate, 'p' pause"
    $text3 = "dev donate started"
  condition:
    uint32(0) == 0x464c457f and ((#space > 3 and 1 of ($option*, $text*)) or 4 of ($option*, $text*))
}

rule mining_configuration
{
  meta:
    description = "A miner's configuration: pools, wallet and donation as XMRig and its kin name them"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1496.001"
  strings:
    $pools = /"pools"\s*:\s*\[/
    $donate = /"donate-level"\s*:\s*[0-9]/
    $randomx = /"randomx"\s*:\s*\{/
    $user = /"(user|wallet)"\s*:\s*"[0-9A-Za-z.+_-]{20,}"/
    $algo = /"(algo|coin)"\s*:\s*"(rx\/|cn\/|monero|randomx)/
  condition:
    filesize < 256KB and uint32(0) != 0x464c457f and 3 of them
}

rule mining_script
{
  meta:
    description = "A script that starts a miner: a pool's address and a miner's options on its command line"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1496.001"
  strings:
    $pool = /stratum2?\+(tcp|ssl|tls):\/\/[a-z0-9.-]+:[0-9]{2,5}/ nocase
    $option1 = /--donate-level[= ]/
    $option2 = /--(cpu-max-threads-hint|randomx-mode|coin|rig-id|nicehash)\b/
    $program = /\b(xmrig|minerd|cpuminer|cgminer|ethminer|t-rex|nbminer|lolminer|srbminer|xmr-stak)\b/ nocase
    $wallet = /\b4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b/
  condition:
    filesize < 256KB and uint16(0) == 0x2123 and 2 of them
}
