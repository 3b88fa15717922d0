readonly TMOUT=600
