// SPDX-License-Identifier: Apache-2.0
// Inside base: the letters of Vietnamese and what stands for them in each old encoding, and the parts of
// syllables, both written in VIQR so that the source stays ASCII. Included by legacy_vietnamese.cpp and
// vietnamese_syllable.cpp only. Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace phendau::vietnamese {

/// Tones in the order of all tables: none, grave, hook, tilde, acute, dot.
inline constexpr std::string_view kToneMarks = "`?~'.";
inline constexpr std::array<char32_t, 5> kCombiningTones = {0x300, 0x309, 0x303, 0x301, 0x323};

struct Vowel {
  char base;   // a e i o u y
  char shape;  // ( ^ + or 0
  std::array<char16_t, 6> lower;
  std::array<char16_t, 6> upper;
  std::array<std::uint8_t, 6> tcvn3;  // lower case; TCVN 5712 VN3
  std::array<std::uint8_t, 6>
      vni;  // the byte after `vni_base`; 0: none. With vni_base 0 the byte stands alone
  std::uint8_t vni_base;
};

inline constexpr std::array<Vowel, 12> kVowels = {{
    {'a',
     0,
     {0x61, 0xE0, 0x1EA3, 0xE3, 0xE1, 0x1EA1},
     {0x41, 0xC0, 0x1EA2, 0xC3, 0xC1, 0x1EA0},
     {0x61, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9},
     {0, 0xF8, 0xFB, 0xF5, 0xF9, 0xEF},
     'a'},
    {'a',
     '(',
     {0x103, 0x1EB1, 0x1EB3, 0x1EB5, 0x1EAF, 0x1EB7},
     {0x102, 0x1EB0, 0x1EB2, 0x1EB4, 0x1EAE, 0x1EB6},
     {0xA8, 0xBB, 0xBC, 0xBD, 0xBE, 0xC6},
     {0xEA, 0xE8, 0xFA, 0xFC, 0xE9, 0xEB},
     'a'},
    {'a',
     '^',
     {0xE2, 0x1EA7, 0x1EA9, 0x1EAB, 0x1EA5, 0x1EAD},
     {0xC2, 0x1EA6, 0x1EA8, 0x1EAA, 0x1EA4, 0x1EAC},
     {0xA9, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB},
     {0xE2, 0xE0, 0xE5, 0xE3, 0xE1, 0xE4},
     'a'},
    {'e',
     0,
     {0x65, 0xE8, 0x1EBB, 0x1EBD, 0xE9, 0x1EB9},
     {0x45, 0xC8, 0x1EBA, 0x1EBC, 0xC9, 0x1EB8},
     {0x65, 0xCC, 0xCE, 0xCF, 0xD0, 0xD1},
     {0, 0xF8, 0xFB, 0xF5, 0xF9, 0xEF},
     'e'},
    {'e',
     '^',
     {0xEA, 0x1EC1, 0x1EC3, 0x1EC5, 0x1EBF, 0x1EC7},
     {0xCA, 0x1EC0, 0x1EC2, 0x1EC4, 0x1EBE, 0x1EC6},
     {0xAA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6},
     {0xE2, 0xE0, 0xE5, 0xE3, 0xE1, 0xE4},
     'e'},
    {'i',
     0,
     {0x69, 0xEC, 0x1EC9, 0x129, 0xED, 0x1ECB},
     {0x49, 0xCC, 0x1EC8, 0x128, 0xCD, 0x1ECA},
     {0x69, 0xD7, 0xD8, 0xDC, 0xDD, 0xDE},
     {0, 0xEC, 0xE6, 0xF3, 0xED, 0xF2},
     0},
    {'o',
     0,
     {0x6F, 0xF2, 0x1ECF, 0xF5, 0xF3, 0x1ECD},
     {0x4F, 0xD2, 0x1ECE, 0xD5, 0xD3, 0x1ECC},
     {0x6F, 0xDF, 0xE1, 0xE2, 0xE3, 0xE4},
     {0, 0xF8, 0xFB, 0xF5, 0xF9, 0xEF},
     'o'},
    {'o',
     '^',
     {0xF4, 0x1ED3, 0x1ED5, 0x1ED7, 0x1ED1, 0x1ED9},
     {0xD4, 0x1ED2, 0x1ED4, 0x1ED6, 0x1ED0, 0x1ED8},
     {0xAB, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9},
     {0xE2, 0xE0, 0xE5, 0xE3, 0xE1, 0xE4},
     'o'},
    {'o',
     '+',
     {0x1A1, 0x1EDD, 0x1EDF, 0x1EE1, 0x1EDB, 0x1EE3},
     {0x1A0, 0x1EDC, 0x1EDE, 0x1EE0, 0x1EDA, 0x1EE2},
     {0xAC, 0xEA, 0xEB, 0xEC, 0xED, 0xEE},
     {0, 0xF8, 0xFB, 0xF5, 0xF9, 0xEF},
     0xF4},
    {'u',
     0,
     {0x75, 0xF9, 0x1EE7, 0x169, 0xFA, 0x1EE5},
     {0x55, 0xD9, 0x1EE6, 0x168, 0xDA, 0x1EE4},
     {0x75, 0xEF, 0xF1, 0xF2, 0xF3, 0xF4},
     {0, 0xF8, 0xFB, 0xF5, 0xF9, 0xEF},
     'u'},
    {'u',
     '+',
     {0x1B0, 0x1EEB, 0x1EED, 0x1EEF, 0x1EE9, 0x1EF1},
     {0x1AF, 0x1EEA, 0x1EEC, 0x1EEE, 0x1EE8, 0x1EF0},
     {0xAD, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9},
     {0, 0xF8, 0xFB, 0xF5, 0xF9, 0xEF},
     0xF6},
    {'y',
     0,
     {0x79, 0x1EF3, 0x1EF7, 0x1EF9, 0xFD, 0x1EF5},
     {0x59, 0x1EF2, 0x1EF6, 0x1EF8, 0xDD, 0x1EF4},
     {0x79, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE},
     {0, 0xF8, 0xFB, 0xF5, 0xF9, 0},
     'y'},
}};

// What does not fit into the rows of vowels.
inline constexpr char16_t kDLower = 0x111;
inline constexpr char16_t kDUpper = 0x110;
inline constexpr std::uint8_t kTcvn3DLower = 0xAE;
inline constexpr std::uint8_t kTcvn3DUpper = 0xA7;
inline constexpr std::uint8_t kTcvn3ToneFirst = 0xB0;  // B0..B4: a tone of its own after a letter
inline constexpr std::uint8_t kVniDLower = 0xF1;
inline constexpr std::uint8_t kVniDUpper = 0xD1;
inline constexpr std::uint8_t kVniYDotLower = 0xEE;
inline constexpr std::uint8_t kVniYDotUpper = 0xCE;
inline constexpr std::uint8_t kVniUpperOffset = 0x20;  // capitals lie this much below

struct ByteMeaning {
  std::uint8_t byte;
  char16_t character;
};
/// TCVN 5712 VN2 and VN3: capitals that have a byte.
inline constexpr ByteMeaning kTcvn3Capitals[] = {
    {0xA1, 0x102},  {0xA2, 0xC2},   {0xA3, 0xCA},   {0xA4, 0xD4},   {0xA5, 0x1A0},  {0xA6, 0x1AF},
    {0xA7, 0x110},  {0xAF, 0x1EB0}, {0xBA, 0x1EB2}, {0xBF, 0x1EB4}, {0xC0, 0x1EAE}, {0xC1, 0x1EA6},
    {0xC2, 0x1EA8}, {0xC3, 0x1EAA}, {0xC4, 0x1EA4}, {0xC5, 0x1EC0}, {0xCD, 0x1EC2}, {0xD9, 0x1EC4},
    {0xDA, 0x1EBE}, {0xDB, 0x1ED2}, {0xE0, 0x1ED4}, {0xF0, 0x1ED6}, {0xFF, 0x1ED0}};
/// Code page 1258 where it differs from Latin-1 above 0x9F.
inline constexpr ByteMeaning kWindows1258[] = {
    {0xC3, 0x102}, {0xCC, 0x300}, {0xD0, 0x110}, {0xD2, 0x309}, {0xD5, 0x1A0}, {0xDD, 0x1AF}, {0xDE, 0x303},
    {0xE3, 0x103}, {0xEC, 0x301}, {0xF0, 0x111}, {0xF2, 0x323}, {0xF5, 0x1A1}, {0xFD, 0x1B0}, {0xFE, 0x20AB}};
/// Code pages 1252 and 1258 from 0x80 to 0x9F; 0: nothing. Fonts of TCVN3 and VNI keep the punctuation.
inline constexpr std::array<char16_t, 32> kWindowsPunctuation = {
    0x20AC, 0,      0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
    0x2039, 0x152,  0,      0x17D,  0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0,      0x17E,  0x178};

/// Beginnings of syllables; "dd" is the barred d. The empty one is implied.
inline constexpr std::string_view kInitials[] = {"ngh", "ng", "nh", "gh", "gi", "kh", "ph", "qu", "th", "tr",
                                                 "ch",  "kr", "dd", "b",  "c",  "d",  "g",  "h",  "k",  "l",
                                                 "m",   "n",  "p",  "r",  "s",  "t",  "v",  "x"};
/// Rhymes without tones. With k at the end: names of the highlands.
inline constexpr std::string_view kRhymes =
    "a ac ach ai ak am an ang anh ao ap at au ay a(c a(k a(m a(n a(ng a(p a(t a^c a^m a^n a^ng a^p a^t a^u "
    "a^y "
    "e ec em en eng eo ep et e^ e^ch e^m e^n e^ng e^nh e^p e^t e^u i ia ich im in inh ip it iu "
    "ie^c ie^m ie^n ie^ng ie^p ie^t ie^u ie^ o oa oac oach oai oam oan oang oanh oao oap oat oay "
    "oa(c oa(m oa(n oa(ng oa(t oc oe oem oen oeo oet oi om on ong ooc oong op ot "
    "o^ o^c o^i o^k o^m o^n o^ng o^p o^t o+ o+i o+m o+n o+p o+t u ua uc ui um un ung up ut ua^n ua^ng ua^t "
    "ua^y ua^ "
    "ue ue^ ue^ch ue^nh uo+ uo^c uo^i uo^m uo^n uo^ng uo^t uy uya uych uye^n uye^t uyn uynh uyt uyu "
    "u+ u+a u+c u+i u+m u+n u+ng u+t u+u u+o+c u+o+i u+o+m u+o+n u+o+ng u+o+p u+o+t u+o+u "
    "y ych ye^m ye^n ye^ng ye^t ye^u ynh ym yt";
/// Syllables that nearly every administrative text holds; they break ties between encodings.
inline constexpr std::string_view kCommon =
    "va` cu?a ca'c co' kho^ng ddu+o+.c la` cho vo+'i trong ddi.nh vie^.c ba'o so^' ngu+o+`i ddo+n vi. co^ng "
    "tho^ng "
    "va(n phu`ng pho`ng ba?o dda?m toa`n ma.ng he^. tho^'ng thie^'t bi. ma'y ti'nh quy che^' quye^'t ddie^`u "
    "so+? ti?nh huye^.n xa~ phu+o+`ng u?y ban nha^n da^n ca'n bo^. le^. lu+u hu+~ ma^.t kha^?u kie^?m tra "
    "ddi.a "
    "tru+o+?ng pho' tru+o+'c sau nga`y tha'ng na(m quy' ho.c su+. co^' xu+? ly' ddie^.n tu+? danh sa'ch ho. "
    "te^n "
    "chu+'c vu. ghi chu' tra.ng tha'i ddang su+? du.ng nha` nu+o+'c gia'm ddo^'c nguye^~n tra^`n le^ pha.m "
    "hoa`ng "
    "dda` dde^? tu+` dde^'n theo ve^` ta.i ca^'p mo^.t hai hai ba bo^'n na`y khi phu.c ho^`i sao dda(ng ky' "
    "ho+.p "
    "vie^n chuye^n dda^`u mo^'i thu+.c hie^.n to^? chu+'c qua?n ddo^.i qua^n su+. gia'o du.c ke^' hoa.ch "
    "bie^n ba?n "
    "dde^` nghi. to+` tri`nh thu+ phe^ duye^.t ra` soa't ba`n giao ta`i sa?n loa.i lie^n kho^' ha.n chu+~ "
    "dde^`u ho^`";

}  // namespace phendau::vietnamese
